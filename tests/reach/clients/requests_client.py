"""A client that uses requests."""

import json

import requests

API = "https://daisysim.com/api/v1/virtual"
session = requests.Session()
session.headers["Authorization"] = "Bearer daisy-demo"
balance = session.get(f"{API}/balance").json()
bought = session.post(f"{API}/purchase", json={"country": 6, "service": "wa", "price": 0.3664}).json()
print(json.dumps({"balance": balance, "bought": bought}))
