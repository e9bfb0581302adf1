"""What there is to buy: every live price with its stock."""

from collections.abc import Iterator

from load import Job
from processes import BASE, KEY, Failed, Server, request_text


class Market:
    """Purchases that will succeed, from the live prices of one country and service after the other."""

    def __init__(self, server: Server, *, key: str = KEY) -> None:
        self._server = server
        self._key = key
        self._offers = self._look_around()
        self._shelf: list[tuple[str, int]] = []

    def purchases(self, stock: int) -> Job:
        """A job of purchases, without an end, with `stock` at least; raises Failed when too little is left."""
        while sum(limit for _, limit in self._shelf) < stock:
            offer = next(self._offers, None)
            if offer is None:
                raise Failed("everything is sold out")
            self._shelf.append(offer)
        return Job([text for text, _ in self._shelf], limits=[limit for _, limit in self._shelf])

    def sold(self, count: int) -> None:
        """Note that the first `count` of the last job's purchases were made."""
        while count:
            text, limit = self._shelf.pop(0)
            if limit > count:
                self._shelf.insert(0, (text, limit - count))
            count -= min(limit, count)

    def _look_around(self) -> Iterator[tuple[str, int]]:
        for country in self._server.call("GET", f"{BASE}/countries", key=self._key)["data"]["countries"]:
            number = country["id"]
            if number == 999:
                continue
            listing = self._server.call("GET", f"{BASE}/services/{number}", key=self._key)
            for service in listing["data"]["services"]:
                wanted = {"country": number, "service": service["code"]}
                prices = self._server.call("POST", f"{BASE}/prices", wanted, key=self._key)
                for tier in prices["data"]["tiers"]:
                    if tier["available"]:
                        text = request_text(
                            "POST", f"{BASE}/purchase", wanted | {"price": tier["price"]}, key=self._key
                        )
                        yield text, tier["available"]
