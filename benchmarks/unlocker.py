"""Requests to doctorSIM v1."""

import json
from itertools import islice
from typing import Any

from processes import Server, request_text

BASE = "/api.doctorsim.com"
PAIR = {"DSIM_KEY": "live-key", "DSIM_SECRET": "live-secret"}
#: A pair that always has a service.
DEVICE, NETWORK, IMEI = "1697", "3", "011950004980028"


class Unlocker:
    """An account that can pay for everything, and the requests it makes."""

    def __init__(self, server: Server) -> None:
        self._server = server
        server.call("PATCH", "/_mock/accounts/doctorsim_v1/live", {"balance": "9000000000.00"})

    def get(self, path: str, *, base: str = BASE) -> str:
        """A GET request, as text."""
        return request_text("GET", f"{base}{path}", credential=PAIR)

    def size(self, path: str) -> int:
        """How many bytes the answer has, which is JSON in ASCII without spaces and with escaped slashes."""
        text = json.dumps(self._res(path), separators=(",", ":"))
        return len(text) + text.count("/")

    def tool_paths(self, count: int = 200) -> list[str]:
        """Paths of tools that exist, for iPhones on all networks."""
        networks = (id for networks in self._res("/networks")["res"].values() for id in networks)
        return [f"/tools/15910/{network}" for network in islice(networks, count)]

    def order(self) -> str:
        """A new order, as text."""
        tool = self._res(f"/tools/{DEVICE}/{NETWORK}")["res"]["tools"][0]["id_tool"]
        return request_text("POST", f"{BASE}/create_order/{DEVICE}/{NETWORK}/{IMEI}/{tool}", {}, credential=PAIR)

    def pass_time(self) -> None:
        """Let all orders become available now, so that they do not while something is measured."""
        self._server.call("POST", "/_mock/clock/advance", {"by": "2m"})

    def _res(self, path: str) -> Any:
        return self._server.call("GET", f"{BASE}{path}", credential=PAIR)
