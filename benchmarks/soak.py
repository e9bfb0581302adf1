"""Load a server with everything mixed, and see that it loses nothing: `python benchmarks/soak.py [--quick]`.

What it does and what must hold is in README.md beside this file. Linux only (it reads /proc).
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson

from client import Broken, QuickClient
from processes import Failed, Server, observed_command

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mockserver.engine.dice import Dice
from mockserver.http.provider import Endpoint, Provider
from tests.conformance.client import Client
from tests.served import PROVIDERS
from tests.support import World

JOURNAL = 1_000
WORKERS = 8
CLOCK = {"mode": "frozen", "now": "2026-01-31T12:00:00Z"}
SPANS = ("1s", "8s", "61s", "10m", "1h")
SPOILT = (b"{", b"[]", b'{"a": NaN}', b"\xff\xfe", b'{"price": 1e400}', b"null", b"x=1&y=2")
READS = ("/accounts", "/orders?limit=20", "/requests?limit=20", "/webhooks/deliveries?limit=20", "/settings", "/clock")
#: Memory after a round may be this much above what it was after the first third of them: what is in use, and what
#: is resident, which allocators give back late and in part.
MOST_KEPT, KEPT_SLACK_KIB = 1.03, 2_048
MOST_GROWTH, SLACK_KIB = 1.15, 4_096
#: The operation that begins an order of each provider with webhooks, its answer's name for the id, and events that
#: end it.
ENDINGS = {
    "daisysim": ("purchase", "activation_id", ("sms",)),
    "doctorsim_v2": ("create_order", "order_id", ("fulfil", "fail")),
}
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"answer": {"mistake": "ProviderError"}},
    {"answer": {"status": 503}},
    {"answer": {"mistake": "RateLimited", "retry_after": "5s"}, "stage": "after"},
    {"delay": {"uniform": ["1ms", "20ms"]}},
    {"delay": {"uniform": ["1s", "30s"]}, "clock": "sandbox"},
    {"wire": "reset"},
    {"wire": "empty", "stage": "after"},
    {"wire": "garbage"},
    {"wire": {"cut": 0.4}},
    {"wire": {"drip": "1MB/s"}},
)
HOSTILITIES: tuple[Mapping[str, Any], ...] = (
    {"duplicate": 2},
    {"delay": "45s"},
    {"reorder": True},
    {"drop": True},
    {"before_response": True},
    {"bad_signature": True},
    {"stale_timestamp": True},
)
#: How receivers answer, until they are told otherwise.
MOODS = (200, 200, 500, 503, 410)
#: What preparing a request runs into when a fault, a limit or an empty shelf answers instead.
UNPREPARED = (AssertionError, IndexError, KeyError, TypeError, ValueError)


class Wrong(Exception):
    """Something that must hold does not."""


@dataclass(slots=True)
class Round:
    """What one round came to."""

    number: int
    answers: Counter[int] = field(default_factory=Counter)
    emulated: int = 0
    struck: int = 0
    broken: int = 0
    breakable: int = 0
    """How many answers the armed faults may have broken."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    unprepared: int = 0
    fired: int = 0
    webhooks: int = 0
    attempts: int = 0
    hostile: int = 0
    restored: int = 0
    orders: int = 0
    movements: int = 0
    seconds: float = 0.0
    kept_kib: int = 0
    resident_kib: int = 0

    def count(self, request: str, answer: httpx.Response) -> None:
        """One more answer; raises Wrong for a failure of the server."""
        self.answers[answer.status_code] += 1
        self.emulated += "x-mock-request-id" in answer.headers
        self.struck += "x-mock-fault" in answer.headers
        if answer.status_code == 500:
            if "x-mock-request-id" not in answer.headers:
                raise Wrong(f"500 from {request}: {answer.text[:300]}")
            self.failures.append((answer.headers["x-mock-request-id"], request))

    def lose(self) -> None:
        """One more request whose answer a fault has broken."""
        self.broken += 1
        self.emulated += 1
        self.struck += 1

    @property
    def requests(self) -> int:
        """All that were sent."""
        return sum(self.answers.values()) + self.broken


Act = Callable[["Soak", Client, int], Awaitable[None]]


class Soak:
    """One round: a sandbox of its own, every provider at once, until enough requests were answered."""

    def __init__(self, server: Server, client: QuickClient, result: Round, *, faults: bool) -> None:
        self.name = f"soak-{result.number}"
        self.result = result
        self.dice = Dice(f"soak {result.number}")
        self.faults = faults
        self.hook = f"{server.url}/~{self.name}/_mock/inbox/all"
        # Of the application its clients ask the seed alone, which credentials may be made of.
        birth = SimpleNamespace(birth=SimpleNamespace(seed=self.name))
        app = cast(Any, SimpleNamespace(sandboxes=birth))
        self.world = World(app, cast(httpx.AsyncClient, client), self.name)
        self.clients = [Client(self.world, provider) for provider in PROVIDERS]
        self.notifying = [one for one in self.clients if one.provider.name in ENDINGS]
        self.pause = asyncio.Lock()
        self._step = 0

    async def run(self, requests: int) -> None:
        """The whole round; raises Wrong."""
        await self._begin()
        await asyncio.gather(*[self._work(requests) for _ in range(WORKERS)])
        await self._drop_faults()
        await self.world.steer("PUT", "/inbox/all", {"status": 200})
        await self.move({"until": "idle"})
        await self.check(idle=True)
        await self.world.steer("DELETE", f"/sandboxes/{self.name}")

    async def _begin(self) -> None:
        settings = {"rate_limits": "documented" if self.result.number % 4 == 3 else "off"}
        root = World(self.world.app, self.world.client)
        await root.steer(
            "POST", "/sandboxes", {"name": self.name, "seed": self.name, "clock": CLOCK, "settings": settings}
        )
        for client in self.clients:
            path = f"/accounts/{client.provider.name}/{client.samples.account}"
            await self.world.steer("PATCH", path, {"balance": "100000", "webhook_url": self.hook})

    async def _work(self, requests: int) -> None:
        acts = [(act, weight) for act, weight in ACTS if act is not arm or self.faults]
        while self.result.requests < requests:
            self._step += 1
            step = self._step
            client = self.dice.choice(self.clients, "client", step)
            with suppress(Broken):
                await self.dice.weighted(acts, "act", step)(self, client, step)
            await self._judge_failures()

    async def _judge_failures(self) -> None:
        """Some providers word an upstream's failure as 500; only the journal tells it from our own."""
        while self.result.failures:
            key, request = self.result.failures.pop()
            entry = await self.world.steer("GET", f"/requests/{key}")
            if entry["mistake"] == "InternalError":
                raise Wrong(f"500 from {request}, which no fault asked for")

    async def _drop_faults(self) -> None:
        if self.faults:
            await self.world.steer("DELETE", "/faults")

    async def move(self, how: Mapping[str, Any]) -> None:
        """Move time."""
        ran = await self.world.steer("POST", "/clock/advance", how)
        self.result.fired += ran["fired"]

    async def check(self, *, idle: bool = False) -> None:
        """Look at everything that the sandbox holds; raises Wrong."""
        state = await self.world.steer("GET", "/state")
        wrong = list(broken_laws(state, idle=idle))
        if idle and state["requests"] != self.result.emulated:
            wrong.append(f"{self.result.emulated} emulated answers, but {state['requests']} in the journal's count")
        if self.result.broken > self.result.breakable:
            wrong.append(f"{self.result.broken} answers were broken, and faults for {self.result.breakable}")
        if wrong:
            raise Wrong(f"round {self.result.number}: " + "; ".join(wrong[:5]))
        deliveries = state["tables"].get("deliveries", {}).values()
        self.result.webhooks = len(deliveries)
        self.result.attempts = sum(len(one["attempts"]) for one in deliveries)
        self.result.hostile = sum("faults" in one["hostile"] for one in deliveries)
        self.result.orders = len(state["tables"].get("orders", {}))
        self.result.movements = len(state["tables"].get("movements", {}))


async def good(soak: Soak, client: Client, step: int) -> None:
    """A request that its endpoint accepts, unless a fault or a limit is in the way."""
    endpoint = _endpoint(soak, client.provider, step)
    try:
        ask = await client.ask(endpoint)
    except UNPREPARED:
        soak.result.unprepared += 1
        return
    await client.send(endpoint.method, ask.path, ask.body)


async def strange(soak: Soak, client: Client, step: int) -> None:
    """The credential of nobody."""
    endpoint = _endpoint(soak, client.provider, step)
    path = endpoint.path.replace("{", "").replace("}", "")
    answer = await client.send(endpoint.method, path, {}, headers=client.samples.stranger)
    if answer.is_success and not endpoint.public:
        raise Wrong(f"a stranger got {answer.status_code} from {endpoint.method} {path}")


async def spoilt(soak: Soak, client: Client, step: int) -> None:
    """A body that cannot be read, or a path that is not there."""
    endpoint = _endpoint(soak, client.provider, step)
    path = endpoint.path.replace("{", "").replace("}", "") if soak.dice.below(2, "path", step) else "/nowhere"
    await client.send(endpoint.method, path, content=soak.dice.choice(SPOILT, "body", step))


async def wait(soak: Soak, client: Client, step: int) -> None:
    """Time passes."""
    await soak.move({"by": soak.dice.choice(SPANS, "span", step)})


async def push(soak: Soak, client: Client, step: int) -> None:
    """A test pushes an order along, whether its state takes that or not."""
    orders = (await soak.world.steer("GET", f"/orders?provider={client.provider.name}&limit=50"))["orders"]
    if orders:
        order = soak.dice.choice(orders, "order", step)
        kind = (await soak.world.steer("GET", f"/machines/{order['provider']}/{order['kind']}"))["states"]
        events = sorted({move["on"] for state in _states(kind) for move in state.get("transitions", ())})
        event = soak.dice.choice(events, "event", step)
        await soak.world.control("POST", f"/orders/{order['provider']}/{order['id']}/events", {"event": event})


async def look(soak: Soak, client: Client, step: int) -> None:
    """A test looks around."""
    await soak.world.steer("GET", soak.dice.choice(READS, "read", step))


async def notify(soak: Soak, client: Client, step: int) -> None:
    """An order is placed and ends, and whoever is registered hears of it."""
    client = soak.dice.choice(soak.notifying, "notifying", step)
    operation, member, events = ENDINGS[client.provider.name]
    endpoint = next(one for one in client.provider.endpoints if one.name == operation)
    try:
        await _register(soak, client)
        ask = await client.ask(endpoint)
        answer = await client.send(endpoint.method, ask.path, ask.body)
        order = answer.json()["data"][member]
    except UNPREPARED:
        soak.result.unprepared += 1
        return
    event = soak.dice.choice(events, "ending", step)
    await soak.world.control("POST", f"/orders/{client.provider.name}/{order}/events", {"event": event})


async def _register(soak: Soak, client: Client) -> None:
    """See that the inbox is told of everything; DaisySIM's accounts have it from the beginning."""
    if client.provider.name != "doctorsim_v2":
        return
    hooks = (await client.send("GET", "/webhooks")).json()["data"]
    if not any(one["url"] == soak.hook and one["status"] == "active" for one in hooks):
        if len(hooks) == 5:
            await client.send("DELETE", f"/webhooks/{hooks[0]['id']}")
        events = ["order.created", "order.fulfilled", "order.failed"]
        await client.send("POST", "/webhooks", {"url": soak.hook, "events": events})


async def sulk(soak: Soak, client: Client, step: int) -> None:
    """The receiver answers otherwise from now on."""
    await soak.world.steer("PUT", "/inbox/all", {"status": soak.dice.choice(MOODS, "mood", step)})


async def arm(soak: Soak, client: Client, step: int) -> None:
    """The next few requests or deliveries meet a fault."""
    times = 1 + soak.dice.below(3, "times", step)
    fault = {"times": times, "until": "1h", **({"chance": 0.5} if step % 2 else {})}
    if soak.dice.below(2, "of deliveries", step):
        fault["webhook"] = soak.dice.choice(HOSTILITIES, "hostility", step)
    else:
        fault |= {"provider": client.provider.name, **soak.dice.choice(FAULTS, "fault", step)}
        soak.result.breakable += times if "wire" in fault else 0
    await soak.world.steer("POST", "/faults", fault)


async def restore(soak: Soak, client: Client, step: int) -> None:
    """What holds is looked at, and a copy of the sandbox is made, which must hold the same."""
    async with soak.pause:
        await soak.check()
        copy = soak.world.beside(f"{soak.name}-copy")
        state = (await soak.world.control("GET", "/state")).content
        answer = await copy.control("PUT", "/state", content=state)
        if answer.status_code != 200:
            raise Wrong(f"a snapshot was refused: {answer.text[:300]}")
        # A delivery that is due is sent at once by whoever takes it up, and then the two differ.
        waiting = "outbox" in orjson.loads(state)["agenda"]
        if not waiting and (await copy.control("GET", "/state")).content != state:
            raise Wrong("a restored sandbox has another snapshot than it was restored from")
        await copy.steer("DELETE", f"/sandboxes/{soak.name}-copy")
        soak.result.restored += 1


ACTS: tuple[tuple[Act, int], ...] = (
    (good, 1_500),
    (strange, 80),
    (spoilt, 120),
    (wait, 60),
    (push, 120),
    (look, 40),
    (notify, 120),
    (sulk, 10),
    (arm, 40),
    (restore, 2),
)


def _endpoint(soak: Soak, provider: Provider, step: int) -> Endpoint:
    return soak.dice.choice(provider.endpoints, "endpoint", step)


def _states(states: Any) -> list[Mapping[str, Any]]:
    return list(states.values()) if isinstance(states, dict) else list(states)


def broken_laws(state: Mapping[str, Any], *, idle: bool) -> Iterator[str]:
    """Sentences about whatever in a snapshot must not be."""
    tables = state["tables"]
    orders = tables.get("orders", {})
    yield from _broken_ledger(tables)
    yield from _broken_charges(tables, orders)
    kinds = Counter(f"{order['provider']}/{order['kind']}" for order in orders.values())
    for kind, count in kinds.items():
        if tables["counters"].get(kind) != count:
            yield f"{tables['counters'].get(kind)} orders of {kind} were numbered, {count} are there"
    if len(tables.get("by_account", {})) != len(orders):
        yield f"{len(orders)} orders, {len(tables.get('by_account', {}))} of them listed"
    for key, timer in tables.get("timers", {}).items():
        if f"{timer['provider']}/{timer['order']}" not in orders:
            yield f"timer {key} is for an order that is not there"
    late = [
        moment
        for turns in state["agenda"].values()
        for moment, _ in turns
        if _order(moment) < _order(state["clock"]["now"])
    ]
    if late:
        yield f"{len(late)} things are overdue, the first since {min(late)}"
    waiting = [key for key, one in tables.get("deliveries", {}).items() if one["state"] == "pending"]
    if idle and (tables.get("timers") or tables.get("outbox") or waiting):
        yield "the sandbox is idle, but something is still to come"


def _order(moment: str) -> str:
    """Moments as texts that sort: with all their digits."""
    seconds, _, fraction = moment.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<6}"


def _broken_ledger(tables: Mapping[str, Any]) -> Iterator[str]:
    balances: Counter[str] = Counter()
    for key, move in tables["movements"].items():
        wallet = f"{move['provider']}/{move['account']}"
        balances[wallet] += move["amount"] if move["credit"] == "wallet" else -move["amount"]
        if balances[wallet] != move["balance_after"] or balances[wallet] < 0:
            yield f"movement {key}: the balance is {balances[wallet]}, it says {move['balance_after']}"
    for wallet, (balance, *_) in tables["wallets"].items():
        if balances[wallet] != balance:
            yield f"wallet {wallet} holds {balance}, its movements add up to {balances[wallet]}"


def _broken_charges(tables: Mapping[str, Any], orders: Mapping[str, Any]) -> Iterator[str]:
    """Each order was charged once, and never given back more than that."""
    charged: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for key, move in tables["movements"].items():
        order = f"{move['provider']}/{move['order']}"
        if move["order"] is None:
            continue
        if order not in orders:
            yield f"movement {key} is for an order that is not there: {order}"
        if move["debit"] == "wallet":
            charged[order] += move["amount"]
        elif move["debit"] == "sales":
            given[order] += move["amount"]
    for key, order in orders.items():
        if charged[key] < order["amount"]:
            yield f"order {key} costs {order['amount']} and was charged {charged[key]}"
        if given[key] > charged[key]:
            yield f"order {key} was charged {charged[key]} and refunded {given[key]}"


async def soak(server: Server, *, rounds: int, requests: int) -> list[Round]:
    """All rounds; raises Wrong with the first thing that does not hold."""
    results: list[Round] = []
    paths = server.call("GET", "/_mock/openapi.json")["paths"]
    for number in range(rounds):
        result = Round(number)
        began = perf_counter()
        client = QuickClient(server.port, result.count, result.lose)
        await Soak(server, client, result, faults="/_mock/faults" in paths).run(requests)
        await client.close()
        result.seconds = perf_counter() - began
        result.resident_kib = server.resident_kib()
        # By now the connections are closed, which hold what their last request was about.
        server.call("GET", "/_mock/health")
        result.kept_kib = server.bytes_in_use() // 1024
        results.append(result)
        kept = f"{result.kept_kib / 1024:.1f} MiB in use"
        print(f"round {number + 1} of {rounds}: {result.requests:,} requests, {kept}", file=sys.stderr, flush=True)
    return results


def memory_law(results: list[Round]) -> str | None:
    """What is wrong with the memory after the rounds, or None."""
    settled, last = results[len(results) // 3], results[-1]
    if last.kept_kib > settled.kept_kib * MOST_KEPT + KEPT_SLACK_KIB:
        return f"memory in use grew from {settled.kept_kib:,} KiB to {last.kept_kib:,} KiB"
    if last.resident_kib > settled.resident_kib * MOST_GROWTH + SLACK_KIB:
        return f"resident memory grew from {settled.resident_kib:,} KiB to {last.resident_kib:,} KiB"
    return None


def table(results: list[Round]) -> str:
    """The report as Markdown."""
    rows = [
        "| round | requests | refused | struck | broken | orders | movements | timers | webhooks | attempts | hostile "
        "| restored | per second | in use | resident |",
        "|" + " ---: |" * 15,
    ]
    for one in results:
        refused = sum(count for status, count in one.answers.items() if status >= 400)
        rows.append(
            f"| {one.number + 1} | {one.requests:,} | {refused:,} | {one.struck:,} | {one.broken:,} | {one.orders:,} "
            f"| {one.movements:,} | {one.fired:,} | {one.webhooks:,} | {one.attempts:,} | {one.hostile:,} "
            f"| {one.restored} | {one.requests / one.seconds:,.0f} | {one.kept_kib / 1024:.1f} MiB "
            f"| {one.resident_kib / 1024:.1f} MiB |"
        )
    return "\n".join(rows)


def main() -> int:
    """Run it; 1 when something that must hold does not, or it could not be carried out."""
    parser = argparse.ArgumentParser(description="Load a server with everything mixed, and see that it loses nothing.")
    parser.add_argument("--quick", action="store_true", help="1,200 requests instead of 100,000")
    arguments = parser.parse_args()
    rounds, requests = (4, 300) if arguments.quick else (10, 10_000)
    command = [*observed_command(), "--clock", "frozen", "--journal-size", str(JOURNAL)]
    try:
        with Server(command) as server:
            results = asyncio.run(soak(server, rounds=rounds, requests=requests))
    except (Failed, Wrong, OSError, asyncio.IncompleteReadError) as error:
        print(f"soak failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    total = sum(one.requests for one in results)
    print(table(results))
    names = ", ".join(provider.name for provider in PROVIDERS)
    print(f"\n{total:,} requests to {names}: the ledger adds up, nothing is lost.")
    wrong = memory_law(results)
    last = results[-1]
    kept, resident = last.kept_kib / 1024, last.resident_kib / 1024
    print(wrong or f"Memory stays flat: {kept:.1f} MiB in use at the end, {resident:.1f} MiB resident.")
    return 1 if wrong else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
