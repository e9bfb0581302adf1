"""A client that uses urllib3, which takes a proxy from the environment only where it is told to."""

import json
import os

import urllib3
from urllib3.util import make_headers, parse_url

API = "https://daisysim.com/api/v1/virtual"
headers = {"Authorization": "Bearer daisy-demo"}
proxy = os.environ["HTTPS_PROXY"]
pool = urllib3.ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=parse_url(proxy).auth), headers=headers)
balance = pool.request("GET", f"{API}/balance").json()
order = {"country": 6, "service": "wa", "price": 0.3664}
bought = pool.request("POST", f"{API}/purchase", json=order, headers=headers).json()
print(json.dumps({"balance": balance, "bought": bought}))
