"""The URLs to which webhooks may be sent."""

import asyncio
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from mockserver.webhooks.targets import RefusedTarget, Target, TargetGuard, UnresolvedTarget

pytestmark = pytest.mark.anyio


class Names:
    """A name server whose answers are told in advance; it counts the questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.addresses


async def judged(url: str, *addresses: str, listed: str | None = None) -> Target:
    allowed = frozenset() if listed is None else frozenset({listed})
    return await TargetGuard(allowed, lookup=Names(*addresses)).resolve(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("::1", "fc00::1", "fd12:3456::1"),
    ],
)
async def test_loopback_and_private_addresses_are_sent_to(address: str) -> None:
    assert (await judged("http://receiver.test/", address)).addresses == (address,)


@pytest.mark.parametrize(
    "address",
    [
        *("93.184.216.34", "172.15.255.255", "172.32.0.1", "192.169.0.1", "11.0.0.1", "128.0.0.1"),
        *("2606:2800:220:1::1", "::ffff:93.184.216.34", "2002:0a00:0001::1", "64:ff9b::10.0.0.1"),
        "2001:0:1234::f5ff:fffe",  # Teredo of 10.0.0.1
    ],
)
async def test_a_public_address_is_sent_to_for_a_listed_host_only(address: str) -> None:
    with pytest.raises(RefusedTarget, match="only loopback, private addresses and listed hosts"):
        await judged("http://receiver.test/", address)
    assert (await judged("http://receiver.test/", address, listed="receiver.test")).addresses


@pytest.mark.parametrize("listed", [None, "receiver.test"])
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        *(("169.254.169.254", "link-local"), ("fe80::1", "link-local"), ("fe80::1%eth0", "link-local")),
        *(("febf::1", "link-local"), ("::ffff:169.254.169.254", "link-local")),
        *(("2002:a9fe:a9fe::1", "link-local"), ("64:ff9b::a9fe:a9fe", "link-local")),
        ("2001:0:1234::5601:5601", "link-local"),  # Teredo of 169.254.169.254
        *(("fd00:ec2::254", "cloud metadata"), ("fd20:ce::254", "cloud metadata")),
        *(("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("::", "unspecified"), ("::ffff:0:0", "unspecified")),
        *(("224.0.0.1", "multicast"), ("239.255.255.250", "multicast"), ("ff02::1", "multicast")),
        *(("255.255.255.255", "broadcast"), ("240.0.0.1", "reserved"), ("192.0.0.192", "reserved")),
        *(("100.64.0.1", "carrier-grade NAT"), ("100.127.255.255", "carrier-grade NAT")),
        *(("fec0::1", "reserved"), ("::7f00:1", "reserved"), ("64:ff9b:1::a00:1", "reserved"), ("4000::1", "reserved")),
    ],
)
async def test_some_addresses_are_never_sent_to(address: str, kind: str, listed: str | None) -> None:
    with pytest.raises(RefusedTarget, match=f"nothing is ever sent to an? {kind} address"):
        await judged("http://receiver.test/", address, listed=listed)


async def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(RefusedTarget, match=r"receiver\.test is 169\.254\.169\.254"):
        await judged("http://receiver.test/", "127.0.0.1", "169.254.169.254")
    with pytest.raises(RefusedTarget, match="listed hosts"):
        await judged("http://receiver.test/", "10.0.0.1", "93.184.216.34")


async def test_an_address_written_inside_another_is_connected_to_itself() -> None:
    assert (await judged("http://[::ffff:127.0.0.1]/")).address == "127.0.0.1"


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]/", "http://10.0.0.1:8080/"])
async def test_a_literal_address_is_not_looked_up(url: str) -> None:
    names = Names("93.184.216.34")
    await TargetGuard(lookup=names).resolve(url)
    assert names.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0x7f000001"])
async def test_an_odd_spelling_is_judged_by_what_the_system_makes_of_it(host: str) -> None:
    assert (await TargetGuard().resolve(f"http://{host}/")).address == "127.0.0.1"


@pytest.mark.parametrize("host", ["2852039166", "0xa9.0xfe.43518", "0251.0376.169.254"])
async def test_an_odd_spelling_hides_no_link_local_address(host: str) -> None:
    with pytest.raises(RefusedTarget, match="link-local"):
        await TargetGuard(frozenset({host})).resolve(f"http://{host}/")


@pytest.mark.parametrize(
    ("listed", "host"),
    [
        *(("receiver.test", "RECEIVER.test"), ("Receiver.Test.", "receiver.test"), ("receiver.test", "receiver.test.")),
        *(("bücher.test", "xn--bcher-kva.test"), ("xn--bcher-kva.test", "BÜCHER.test")),
        ("[2606:2800:0::1]", "[2606:2800::1]"),
    ],
)
async def test_a_listed_host_is_compared_in_its_plain_form(listed: str, host: str) -> None:
    assert (await judged(f"https://{host}/", "93.184.216.34", listed=listed)).addresses


@pytest.mark.parametrize("host", ["sub.receiver.test", "receiver.test.evil.test", "eceiver.test"])
async def test_a_listed_host_is_compared_whole(host: str) -> None:
    with pytest.raises(RefusedTarget, match="listed hosts"):
        await judged(f"http://{host}/", "93.184.216.34", listed="receiver.test")


@pytest.mark.parametrize("listed", ["receiver.test:80", "http://receiver.test", "", "a b", "*.test"])
def test_a_list_of_hosts_takes_nothing_else(listed: str) -> None:
    with pytest.raises(ValueError, match="not a host name or address"):
        TargetGuard(frozenset({listed}))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        *(("ftp://127.0.0.1/", "not 'ftp'"), ("127.0.0.1/hook", "without a scheme"), ("", "without a scheme")),
        *(("file:///etc/passwd", "not 'file'"), ("http:///hook", "not a host"), ("https://", "not a host")),
        *(("http://user@127.0.0.1/", "user name"), ("http://:@127.0.0.1/", "user name")),
        *(("http://127.0.0.1\\@evil.test/", "user name"), ("http://127.0.0.1\\.evil.test/", "not a host")),
        *(("http://127.0.0.1:0/", "port 0"), ("http://127.0.0.1:99999/", "not a URL"), ("http://[::1/", "not a URL")),
        *(("http://127.0.0.1:x/", "not a URL"), ("http://[fe80::1%25eth0]/", "not a")),
        *(("http://a..b/", "not a host"), (f"http://{'a' * 64}.test/", "not a host"), ("http://%31/", "not a host")),
        *((f"http://{'ü' * 300}/", "not a host"), ("http://a\tb/", "control"), (" http://127.0.0.1/", "spaces")),
        ("http://127.0.0.1/\r\nX: y", "control"),
    ],
)
async def test_what_is_no_place_to_send_to_is_refused(url: str, message: str) -> None:
    with pytest.raises(RefusedTarget, match=message):
        await judged(url, "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        *(("http://a.test", "/"), ("http://a.test?", "/?"), ("http://a.test?b", "/?b"), ("http://a.test/#x", "/")),
        ("http://a.test/p%2fq/../r?a=1&a=%zz+%20&b=[x]|{y}?z#part", "/p%2fq/../r?a=1&a=%zz+%20&b=[x]|{y}?z"),
        ("http://a.test/ü?ß=\U0001f600", "/%C3%BC?%C3%9F=%F0%9F%98%80"),
    ],
)
async def test_path_and_query_stay_as_written(url: str, path: str) -> None:
    assert (await judged(url, "127.0.0.1")).path == path


@pytest.mark.parametrize(
    ("url", "port", "authority"),
    [
        *(("http://A.test/", 80, "a.test"), ("http://a.test:80/", 80, "a.test"), ("HTTPS://a.test/", 443, "a.test")),
        *(("https://a.test:80/", 80, "a.test:80"), ("http://[::1]:8080/", 8080, "[::1]:8080")),
        *(("http://[::1]/", 80, "[::1]"), ("http://my_service.:81/", 81, "my_service.:81")),
    ],
)
async def test_the_host_header_names_the_host_as_asked(url: str, port: int, authority: str) -> None:
    target = await judged(url, "127.0.0.1")
    assert (target.port, target.authority) == (port, authority)


async def test_every_address_is_kept_in_the_order_of_the_answer() -> None:
    assert (await judged("http://localhost/", "::1", "127.0.0.1")).addresses == ("::1", "127.0.0.1")


async def test_a_name_that_nobody_knows_is_no_refusal() -> None:
    async def unknown(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(UnresolvedTarget, match=r"cannot be resolved: receiver\.test \(.*not known"):
        await TargetGuard(lookup=unknown).resolve("http://receiver.test/")
    with pytest.raises(UnresolvedTarget, match="has no address"):
        await judged("http://receiver.test/")
    with pytest.raises(UnresolvedTarget):
        await judged("http://receiver.test/", "nonsense")


async def test_the_system_knows_localhost() -> None:
    assert "127.0.0.1" in (await TargetGuard().resolve("http://localhost:1/")).addresses


async def test_simultaneous_questions_for_a_host_share_one_lookup() -> None:
    asked: list[str] = []
    begun, answer = asyncio.Event(), asyncio.Event()

    async def slow(host: str) -> Sequence[str]:
        asked.append(host)
        begun.set()
        await answer.wait()
        return ["127.0.0.1"]

    guard = TargetGuard(lookup=slow)
    waiting = [asyncio.create_task(guard.resolve("http://a.test/")) for _ in range(3)]
    given_up = asyncio.create_task(guard.resolve("http://a.test/"))
    await begun.wait()
    given_up.cancel()
    answer.set()
    assert [(await task).address for task in waiting] == ["127.0.0.1"] * 3
    await asyncio.wait([given_up])
    assert given_up.cancelled()
    assert asked == ["a.test"]
    await guard.resolve("http://a.test/")
    assert asked == ["a.test", "a.test"]


# -- what a server that others can reach sends to --------------------------------------------------


async def reach(
    url: str, *addresses: str, listed: str | None = None, own: Sequence[tuple[str, int]] = (), loopback: bool = False
) -> Target:
    allowed = frozenset() if listed is None else frozenset({listed})
    return await TargetGuard(allowed, loopback=loopback, own=own, lookup=Names(*addresses)).resolve(url)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:27999/internal/admin", "127.0.0.1"),
        ("http://localhost:27999/", "127.0.0.1"),
        ("http://localhost:27999/", "::1"),
        ("http://[::1]:27999/", "::1"),
        ("http://127.9.9.9/", "127.9.9.9"),
        ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
        ("http://rebound.test/", "127.0.0.1"),
    ],
)
async def test_beyond_a_loopback_bind_loopback_has_to_be_listed(url: str, address: str) -> None:
    host = urlsplit(url).hostname or ""
    with pytest.raises(RefusedTarget, match=r"beyond loopback sends to loopback only where --webhook-hosts lists it"):
        await reach(url, address)
    assert (await reach(url, address, listed=str(_shortest(host)))).port
    assert (await reach(url, address, loopback=True)).port


def _shortest(host: str) -> str:
    """The address that an IPv6 one merely writes, or the name."""
    return host.removeprefix("::ffff:")


async def test_beyond_a_loopback_bind_private_addresses_are_sent_to_as_ever() -> None:
    assert (await reach("http://receiver.test/", "10.1.2.3")).addresses == ("10.1.2.3",)


OWN = (("0.0.0.0", 7460),)


@pytest.mark.parametrize(
    "path", ["/_mock/inbox/x", "/_mock/inbox/x?secret=1", "/~worker3/_mock/inbox/x", "/_mock/inbox/%78/"]
)
@pytest.mark.parametrize("loopback", [True, False])
async def test_the_servers_own_inboxes_are_sent_to(path: str, loopback: bool) -> None:
    for own in (OWN, (("127.0.0.1", 7460), ("::1", 7460))):
        assert (await reach(f"http://localhost:7460{path}", "127.0.0.1", own=own, loopback=loopback)).port == 7460


@pytest.mark.parametrize(
    "path",
    [
        *("/_mock/reset", "/_mock/clock/advance", "/~x/_mock/state", "/", "/api.acme.example/v1/balance"),
        *("/_mock/inbox", "/_mock/inbox/", "/_mock/inbox/x/y", "/_mock/inbox/../reset", "/_mock/inbox/x/../../reset"),
        *("/%5fmock/reset", "/_mock/inbox/..%2f..%2freset", "//_mock/inbox/x", "/x/_mock/inbox/x"),
        *("/_mock/reset?/_mock/inbox/x", "/_mock/reset%3f/_mock/inbox/x"),
    ],
)
@pytest.mark.parametrize("loopback", [True, False])
async def test_nothing_else_of_the_server_itself_is_sent_to_listed_or_not(path: str, loopback: bool) -> None:
    for listed in (None, "localhost"):
        with pytest.raises(RefusedTarget, match="on this server webhooks may go only to /_mock/inbox/NAME"):
            await reach(f"http://localhost:7460{path}", "127.0.0.1", own=OWN, loopback=loopback, listed=listed)


async def test_the_server_itself_is_known_by_address_and_port() -> None:
    for address, own in (("127.8.8.8", OWN), ("::1", (("::", 7460),)), ("127.0.0.1", (("::", 7460),))):
        with pytest.raises(RefusedTarget, match="on this server webhooks may go only to"):
            await reach("http://me.test:7460/", address, own=own, loopback=True)
    assert (await reach("http://me.test:7461/", "127.0.0.1", own=OWN, loopback=True)).port == 7461
    assert (await reach("http://other.test:7460/", "10.255.255.254", own=OWN, loopback=True)).port == 7460
    assert (await reach("http://other.test:7460/", "127.0.0.2", own=(("127.0.0.1", 7460),), loopback=True)).port == 7460


async def test_a_refusal_of_a_public_address_names_the_flag() -> None:
    with pytest.raises(RefusedTarget, match=r"add --webhook-hosts receiver\.test"):
        await judged("http://receiver.test/", "93.184.216.34")
