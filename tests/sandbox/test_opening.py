"""The accounts of scenarios are opened, or their places in the file are named."""

import pytest

from mockserver.domain.errors import Invalid
from tests.outside import AcmeWorld, acme_running
from tests.sandbox.support import QUICK, inside

pytestmark = pytest.mark.anyio
LINE = QUICK.splitlines().index("accounts:") + 3

TAKEN = """\
scenario: taken
provider: acme
about: Another account with the credentials of the default's.
accounts:
  - {id: other, credentials: {key: acme-demo}, balance: "1.00"}
"""


@pytest.mark.parametrize(
    ("old", "new", "column", "why"),
    [
        ("{key: shop-poor}", "{kex: shop-poor}", 29, "credentials: missing: key"),
        ('balance: "1.00"', 'balance: "1.001"', 56, "balance: 1.001 has more than 2 decimals"),
    ],
)
async def test_an_account_that_the_provider_does_not_accept_is_named_with_its_place(
    old: str, new: str, column: int, why: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await inside(QUICK.replace(old, new))
    assert str(refused.value) == f"a test:{LINE}:{column}: account 'poor' of shop: {why}"


async def test_a_scenario_whose_account_cannot_be_opened_does_not_become_active() -> None:
    async with acme_running() as world:
        await world.steer("POST", "/scenarios", content=TAKEN)
        answer = await world.control("PUT", "/scenarios/active", ["taken"])
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("scenario.yaml:5:30: account 'other' of acme: credentials: already")
        assert await world.steer("GET", "/scenarios/active") == []
        assert await accounts_of(world) == await accounts_of(world.beside("fresh"))


async def accounts_of(world: AcmeWorld) -> list[str]:
    return [account["id"] for account in (await world.steer("GET", "/accounts"))["accounts"]]
