"""What is counted and kept of the requests to an application."""

import httpx

from mockserver.app import create_app
from mockserver.reach.observed import ObservedApp
from mockserver.server import LiveServer
from tests.support import frozen_settings

API = "daisysim.com/api/v1/virtual"


def test_requests_to_emulated_apis_are_counted_and_the_last_refused_ones_are_kept() -> None:
    app = ObservedApp(create_app(frozen_settings()), most=2)
    with LiveServer(app) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        for path in ("_mock/clock", "_mock/nothing", "~a/_mock/clock"):
            client.get(path)
        assert app.requests == 0
        client.get(f"{API}/balance", headers={"Authorization": "Bearer daisy-demo"})
        assert (app.requests, list(app.refusals)) == (1, [])
        for sandbox in ("a", "b", "c"):
            client.get(f"~{sandbox}/{API}/nope-{sandbox}")
        assert app.requests == 4
        # These sandboxes are gone, since nothing in them was accepted.
        names = [row["name"] for row in client.get("_mock/sandboxes").json()["sandboxes"]]
    assert not {"b", "c"} & set(names)
    assert [(kept.sandbox, kept.entry.path, kept.entry.status) for kept in app.refusals] == [
        ("b", "/nope-b", 404),
        ("c", "/nope-c", 404),
    ]
