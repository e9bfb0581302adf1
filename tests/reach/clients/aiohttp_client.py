"""A client that uses aiohttp, which looks for a proxy in the environment only with `trust_env`."""

import asyncio
import json

import aiohttp

API = "https://daisysim.com/api/v1/virtual"


async def main() -> None:
    """Read the balance and buy."""
    headers = {"Authorization": "Bearer daisy-demo"}
    async with aiohttp.ClientSession(headers=headers, trust_env=True) as session:
        async with session.get(f"{API}/balance") as answer:
            balance = await answer.json()
        async with session.post(f"{API}/purchase", json={"country": 6, "service": "wa", "price": 0.3664}) as answer:
            bought = await answer.json()
    print(json.dumps({"balance": balance, "bought": bought}))


asyncio.run(main())
