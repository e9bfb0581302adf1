"""Measure the mock server against a bare application on the same server: `python benchmarks/bench.py [--quick]`.

What is measured and how to read it is in README.md beside this file. Linux only (it reads /proc).
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from load import Job
from market import Market
from processes import BASE, Failed, Generator, Load, Server, bare_command, cold_start, mock_command, request_text
from topups import prepare_topups, topup_jobs
from unlocker import Unlocker


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds of `seconds` each, starts, and the numbers of activations in one account."""

    rounds: int
    seconds: float
    starts: int
    points: tuple[int, int, int]
    point_rounds: int


FULL = Effort(rounds=25, seconds=0.4, starts=9, points=(0, 10_000, 100_000), point_rounds=9)
QUICK = Effort(rounds=5, seconds=0.2, starts=3, points=(0, 1_000, 10_000), point_rounds=3)
JOURNAL = 5_000
"""How many entries the journal keeps by default; it is filled before memory is measured."""
HIDSIM = "/api.hidsim.com"
SEARCHES = ("wa", "tele", "go", "book", "e", "x-twitter", "nothing")
SAMPLE = 20
"""Activations in the account at the first of the points: a full page of the history."""
BOUGHT_A_ROUND = 50


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the report; `met` is None where no value is to be reached."""

    name: str
    measured: float
    unit: str
    reach: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians over the rounds; costs are processor seconds of the server per turn, the ratio is mock to bare."""

    speed: float
    mock_rate: float
    bare_rate: float
    cost_ratio: float
    mock_cost: float
    bare_cost: float
    busy: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A mock server, a bare one, and what loads them."""

    generator: Generator
    mock: Server
    bare: Server

    def compare(
        self,
        mock_load: Callable[[], Load],
        bare_job: Job,
        *,
        rounds: int,
        after: Callable[[], None] = lambda: None,
    ) -> Comparison:
        """Loads the two in turn, one unmeasured round first; `after` runs after each round of the mock."""
        mocks, bares = [], []
        for number in range(rounds + 1):
            mock = mock_load()
            after()
            bare = self.generator.load(self.bare, bare_job)
            if number:
                mocks.append(mock)
                bares.append(bare)
        pairs = list(zip(mocks, bares, strict=True))
        return Comparison(
            speed=median(mock.rate / bare.rate for mock, bare in pairs),
            mock_rate=median(mock.rate for mock in mocks),
            bare_rate=median(bare.rate for bare in bares),
            cost_ratio=median(mock.cost / bare.cost for mock, bare in pairs),
            mock_cost=median(mock.cost for mock in mocks),
            bare_cost=median(bare.cost for bare in bares),
            busy=median(bare.busy for bare in bares),
        )

    def prepare(self, *accounts: str) -> None:
        """Prices that stay as they are, and accounts that can pay for everything."""
        self.mock.call("PATCH", "/_mock/settings", {"daisysim.price_ttl": "365d"})
        for account in accounts:
            self.mock.call("PATCH", f"/_mock/accounts/daisysim/{account}", {"balance": "1000000.00"})

    def pass_time(self) -> None:
        """Let the codes of everything bought arrive now, so that they do not arrive while something is measured."""
        self.mock.call("POST", "/_mock/clock/advance", {"by": "30s"})

    def buy(self, market: Market, count: int) -> list[str]:
        """Buy exactly `count` activations; returns their ids."""
        bought: list[str] = []
        while len(bought) < count:
            some = min(5_000, count - len(bought))
            load = self.generator.load(self.mock, replace(market.purchases(some), count=some))
            market.sold(load.turns)
            bought += load.ids
            self.pass_time()
        return bought


def get(path: str) -> str:
    """A request of the demo account, as text."""
    return request_text("GET", f"{BASE}{path}")


def throughput(bench: Bench, effort: Effort) -> dict[str, Comparison]:
    """Reads and purchases, as fast as they go."""
    bench.prepare("demo")
    market = Market(bench.mock)
    ids = bench.buy(market, 200)
    read = Job([get("/countries")], effort.seconds)
    check = Job([get(f"/check/{one}") for one in ids], effort.seconds)
    two = Job(market.purchases(1).requests[:1], effort.seconds, then=get("/check/ID"))
    load = bench.generator.load

    def buy_and_check() -> Load:
        done = load(bench.mock, replace(market.purchases(20_000), seconds=effort.seconds, then=two.then))
        market.sold(done.turns)
        return done

    prepare_topups(bench.mock)
    topups = {
        name: bench.compare(
            lambda job=job: load(bench.mock, job),  # type: ignore[misc]
            job,
            rounds=effort.rounds,
            after=bench.pass_time,
        )
        for name, job in topup_jobs(bench.mock, effort.seconds).items()
    }
    return {
        "GET /countries": bench.compare(lambda: load(bench.mock, read), read, rounds=effort.rounds),
        "GET /check": bench.compare(lambda: load(bench.mock, check), check, rounds=effort.rounds),
        "purchase + check": bench.compare(buy_and_check, two, rounds=effort.rounds, after=bench.pass_time),
        **topups,
    }


def unlocking(bench: Bench, effort: Effort) -> dict[str, Comparison]:
    """Measure doctorSIM v1: its big list against as many bare bytes, tools, orders and the look at them."""
    unlocker = Unlocker(bench.mock)
    load, rounds = bench.generator.load, effort.rounds
    devices = Job([unlocker.get("/devices")], effort.seconds)
    as_long = Job([unlocker.get(f"/bytes/{unlocker.size('/devices')}", base="")], effort.seconds)
    tools = Job([unlocker.get(path) for path in unlocker.tool_paths()], effort.seconds)
    order = Job([unlocker.order()], effort.seconds, then=unlocker.get("/check_order_status/ID"), id_name="id_ticket")
    return {
        "GET /devices": bench.compare(lambda: load(bench.mock, devices), as_long, rounds=rounds),
        "GET /tools": bench.compare(lambda: load(bench.mock, tools), tools, rounds=rounds),
        "create_order + status": bench.compare(
            lambda: load(bench.mock, order), order, rounds=rounds, after=unlocker.pass_time
        ),
    }


def memory(bench: Bench, count: int) -> float:
    """KiB that `count` activations in one account add to a server whose journal is full and whose prices are known."""
    bench.prepare("demo", "poor")
    bench.buy(Market(bench.mock, key="daisy-poor"), JOURNAL + 1_000)
    market = Market(bench.mock)
    market.purchases(count)
    before = bench.mock.resident_kib()
    bench.buy(market, count)
    return (bench.mock.resident_kib() - before) / count


def partner(bench: Bench, effort: Effort) -> dict[str, Comparison]:
    """HidSim: a search over the catalogue, a page of products, a poll, a purchase with a poll."""
    login = {"identifier": "partner@example.com", "password": "secret-password"}
    token = bench.mock.call("POST", f"{HIDSIM}/auth/login", login)["token"]
    bench.mock.call("PATCH", "/_mock/accounts/hidsim/partner", {"balance": "1000000.00"})
    ids = [bench.mock.call("POST", f"{HIDSIM}/products/nosms001/purchase", {}, key=token)["_id"] for _ in range(SAMPLE)]
    load = bench.generator.load

    def compare(*paths: str) -> Comparison:
        job = Job([request_text("GET", f"{HIDSIM}{path}", key=token) for path in paths], effort.seconds)
        return bench.compare(lambda: load(bench.mock, job), job, rounds=effort.rounds)

    return {
        "HidSim GET /services/search": compare(*(f"/services/search?q={text}&limit=5" for text in SEARCHES)),
        "HidSim GET /products": compare("/products?limit=20&maxPrice=1"),
        "HidSim GET /operations/ID": compare(*(f"/operations/{one}" for one in ids)),
    }


def growth(bench: Bench, effort: Effort) -> dict[str, dict[int, Comparison]]:
    """The cost of four requests at each number of activations in one account."""
    bench.prepare("demo")
    market = Market(bench.mock)
    costs: dict[str, dict[int, Comparison]] = {}
    owned = 0
    ids: list[str] = []
    for point in effort.points:
        bought = bench.buy(market, max(SAMPLE, point - owned))
        ids = [*ids[:: max(1, len(ids) // 100)], *bought[:: max(1, len(bought) // 100)]]
        reads = {
            "GET /check": [f"/check/{one}" for one in ids],
            "GET /history": ["/history?page=1"],
            "GET /balance": ["/balance"],
        }
        for name, paths in reads.items():
            costs.setdefault(name, {})[point] = read_cost(bench, effort, paths)
        costs.setdefault("POST /purchase", {})[point] = purchase_cost(bench, effort, market)
        bench.pass_time()
        owned += len(bought) + BOUGHT_A_ROUND * (effort.point_rounds + 1)
    return costs


def read_cost(bench: Bench, effort: Effort, paths: Sequence[str]) -> Comparison:
    """The cost of GET requests, in turn with the same ones to the bare application."""
    job = Job([get(path) for path in paths], effort.seconds / 2)
    return bench.compare(lambda: bench.generator.load(bench.mock, job), job, rounds=effort.point_rounds)


def purchase_cost(bench: Bench, effort: Effort, market: Market) -> Comparison:
    """The cost of a purchase; few a round, so that the account hardly grows by being measured."""

    def buy() -> Load:
        load = bench.generator.load(bench.mock, replace(market.purchases(BOUGHT_A_ROUND), count=BOUGHT_A_ROUND))
        market.sold(load.turns)
        return load

    job = Job(market.purchases(1).requests[:1], effort.seconds / 4)
    return bench.compare(buy, job, rounds=effort.point_rounds)


def starts(effort: Effort) -> tuple[float, float]:
    """Median seconds to the first answer: the mock server, the smallest Starlette application; interleaved."""
    mocks, others = [], []
    for number in range(effort.starts + 1):
        mock = cold_start(mock_command(), f"{BASE}/countries")
        other = cold_start(bare_command(starlette=True), "/")
        if number:
            mocks.append(mock)
            others.append(other)
    return median(mocks), median(others)


def idle_memory() -> float:
    """MiB that a new server holds after its first answer."""
    with Server(mock_command()) as mock:
        mock.call("GET", f"{BASE}/countries")
        return mock.resident_kib() / 1024


def measure(effort: Effort) -> list[Figure]:
    """Everything, in the order of the report."""
    figures = start_figures(effort)
    with Generator() as generator, Server(bare_command()) as bare:
        with Server(mock_command()) as mock:
            note("throughput")
            figures += throughput_figures(throughput(Bench(generator, mock, bare), effort))
        with Server(mock_command()) as mock:
            note("doctorSIM v1")
            figures += throughput_figures(unlocking(Bench(generator, mock, bare), effort))
        with Server(mock_command()) as mock:
            note("memory")
            figures.append(memory_figure(memory(Bench(generator, mock, bare), effort.points[-1])))
        with Server(mock_command()) as mock:
            note("HidSim")
            figures += throughput_figures(partner(Bench(generator, mock, bare), effort), reach=None)
        with Server(mock_command()) as mock:
            note("growth")
            figures += growth_figures(growth(Bench(generator, mock, bare), effort))
    return figures


def start_figures(effort: Effort) -> list[Figure]:
    """Cold start and idle memory."""
    note("cold start")
    mock, other = starts(effort)
    idle = idle_memory()
    return [
        Figure("cold start, ratio to a minimal Starlette application", mock / other, "x", "<= 2.0", mock / other <= 2),
        Figure("cold start to the first answer", mock * 1000, "ms"),
        Figure("the same, minimal Starlette application", other * 1000, "ms"),
        Figure("resident memory, idle after one request", idle, "MiB", "<= 90", idle <= 90),
    ]


def throughput_figures(compared: dict[str, Comparison], *, reach: float | None = 0.30) -> list[Figure]:
    """Speed as a share of the bare application's, and processor time as a second opinion.

    `reach` is what single requests are to reach, pairs half of it.
    """
    figures = []
    for name, one in compared.items():
        least = None if reach is None else reach / 2 if "+" in name else reach
        unit = "pairs/s" if "+" in name else "requests/s"
        figures += [
            share(f"{name}, share of bare speed", one.speed, least),
            Figure(f"{name}, share by processor time", 1 / one.cost_ratio, "x"),
            Figure(f"{name}, mock", one.mock_rate, unit),
            Figure(f"{name}, bare", one.bare_rate, unit),
            Figure(f"{name}, processor time, mock", one.mock_cost * 1e6, "us"),
            Figure(f"{name}, processor time, bare", one.bare_cost * 1e6, "us"),
        ]
        if one.busy > 0.95:
            note(f"warning: {name}: the load generator was busy {one.busy:.0%} of the time and may be the limit")
    return figures


def memory_figure(size: float) -> Figure:
    """Memory per activation."""
    return Figure("resident memory per activation", size, "KiB", "<= 2.5", size <= 2.5)


def share(name: str, speed: float, least: float | None) -> Figure:
    """A share of the bare speed, and whether it reaches the least."""
    if least is None:
        return Figure(name, speed, "x")
    return Figure(name, speed, "x", f">= {least:.2f}", speed >= least)


def growth_figures(costs: dict[str, dict[int, Comparison]]) -> list[Figure]:
    """The cost of each request by the size of the account."""
    figures = []
    for name, by_point in costs.items():
        first, *_, last = by_point
        rise = by_point[last].cost_ratio / by_point[first].cost_ratio
        figures.append(
            Figure(f"{name}, cost at {last:,} activations to that at {first}", rise, "x", "<= 1.3", rise <= 1.3)
        )
        figures += [
            Figure(f"{name}, processor time at {point:,} activations", one.mock_cost * 1e6, "us")
            for point, one in by_point.items()
        ]
    return figures


def note(text: str) -> None:
    """Say on standard error what is going on."""
    print(text, file=sys.stderr, flush=True)


def table(figures: Sequence[Figure]) -> str:
    """The report as Markdown."""
    rows = ["| figure | to reach | measured | |", "| --- | --- | ---: | --- |"]
    for one in figures:
        digits = 2 if one.measured < 100 else 0
        verdict = "" if one.met is None else "met" if one.met else "**missed**"
        rows.append(f"| {one.name} | {one.reach} | {one.measured:,.{digits}f} {one.unit} | {verdict} |")
    return "\n".join(rows)


def main() -> int:
    """Run the benchmark; 1 when it could not be carried out."""
    parser = argparse.ArgumentParser(description="Compare the mock server with a bare application on the same server.")
    parser.add_argument("--quick", action="store_true", help="a minute instead of several; rougher figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    try:
        figures = measure(QUICK if arguments.quick else FULL)
    except Failed as error:
        note(f"benchmark failed: {error}")
        return 1
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}"
    print(f"{machine}\n\n{table(figures)}")
    if arguments.json:
        report = {"machine": machine, "quick": arguments.quick, "figures": [asdict(one) for one in figures]}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
