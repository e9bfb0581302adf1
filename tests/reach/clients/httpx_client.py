"""A client that uses httpx."""

import json

import httpx

headers = {"Authorization": "Bearer daisy-demo"}
with httpx.Client(base_url="https://daisysim.com/api/v1/virtual", headers=headers) as api:
    balance = api.get("/balance").json()
    bought = api.post("/purchase", json={"country": 6, "service": "wa", "price": 0.3664}).json()
print(json.dumps({"balance": balance, "bought": bought}))
