"""A client that uses urllib of the standard library."""

import json
from typing import Any
from urllib.request import Request, urlopen

API = "https://daisysim.com/api/v1/virtual"
HEADERS = {"Authorization": "Bearer daisy-demo", "Content-Type": "application/json"}


def call(path: str, body: bytes | None = None) -> Any:
    """The JSON of an answer."""
    with urlopen(Request(f"{API}{path}", body, HEADERS)) as answer:
        return json.load(answer)


balance = call("/balance")
bought = call("/purchase", json.dumps({"country": 6, "service": "wa", "price": 0.3664}).encode())
print(json.dumps({"balance": balance, "bought": bought}))
