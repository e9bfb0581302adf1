"""What is asked of doctorSIM v2: a lookup, a price list, an order with the read of it."""

from load import Job
from processes import Server, request_text

BASE = "/api.doctorsim.com/v2"
KEY = "test_demo:sk_demo"


def prepare_topups(server: Server) -> None:
    """Price tokens that are taken as long as it lasts."""
    server.call("PATCH", "/_mock/settings", {"doctorsim_v2.token_ttl": "365d"})


def topup_jobs(server: Server, seconds: float) -> dict[str, Job]:
    """By the name of the figure; the price list is that of one service, airtime of Telcel."""
    lookup, rates = f"{BASE}/carriers/lookup/+522221231231", f"{BASE}/operators/10001011/rates"
    token = server.call("GET", rates, key=KEY)["data"]["rates"][0]["token"]
    body = {"price_token": token, "phone": "+522221231231"}
    order = request_text("POST", f"{BASE}/orders", body, key=KEY)
    read = request_text("GET", f"{BASE}/orders/ID", key=KEY)
    return {
        "v2 lookup": Job([request_text("GET", lookup, key=KEY)], seconds),
        "v2 rates": Job([request_text("GET", rates, key=KEY)], seconds),
        "v2 order + read": Job([order], seconds, then=read, id_name="order_id"),
    }
