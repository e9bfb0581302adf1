"""Every address that the API and its authorization server print is one of the scheme and host that the client used."""

import re

import httpx
import pytest

from tests.providers.doctorsim_v2.oauth.flows import Flow

pytestmark = pytest.mark.anyio

WWW, API = "https://www.doctorsim.com", "https://api.doctorsim.com"
RESOURCE = ".well-known/oauth-protected-resource/v2"
#: Addresses of this machine in examples, and those that name a standard.
_NO_PLACE_HERE = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]|www\.w3\.org)\b")


def insecure_addresses(answer: httpx.Response) -> list[str]:
    """Return the addresses in an answer that a client over https would refuse."""
    text = "\n".join((*answer.headers.values(), answer.text))
    return re.findall(r"http://\S{0,40}", _NO_PLACE_HERE.sub("", text))


@pytest.mark.parametrize(
    ("address", "named"),
    [
        (f"{WWW}/.well-known/oauth-authorization-server", f"{WWW}/oauth/token"),
        (f"{WWW}/.well-known/openid-configuration", f"{WWW}/oauth/jwks.json"),
        (f"{WWW}/{RESOURCE}", f"{API}/v2"),
        (f"{API}/{RESOURCE}", WWW),
        (f"{API}/v2/{RESOURCE}", WWW),
        (f"{WWW}/auth.md", f"{WWW}/oauth/register"),
        (f"{WWW}/api-docs/", f"{API}/v2"),
        pytest.param(f"{WWW}/api-docs/openapi.yaml", f"{API}/v2", marks=pytest.mark.slow),
        (f"{API}/v2/balance", f"{WWW}/{RESOURCE}"),
    ],
)
async def test_over_https_every_document_and_every_challenge_names_https(flow: Flow, address: str, named: str) -> None:
    answer = await flow.world.client.get(address)
    assert named in "\n".join((*answer.headers.values(), answer.text))
    assert insecure_addresses(answer) == []
