"""`mockserver explain`: the story of a request or an order, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from mockserver.cli.client import ControlClient, client_options

_LONGEST = 160


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("subject", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print what the control API answers instead.")
@client_options
def explain(client: ControlClient, subject: str, as_json: bool) -> None:
    """Tell why an answer was what it was, or what became of an order and why.

    ID is the X-Mock-Request-Id of an answer, such as req_00000012, or PROVIDER/ORDER; `last` is the newest request.
    """
    from urllib.parse import quote

    provider, slash, order = subject.partition("/")
    if slash and not (provider and order):
        raise click.UsageError(f"the ID must be that of a request, or PROVIDER/ORDER: {subject!r}")
    path = (
        f"/orders/{quote(provider, safe='')}/{quote(order, safe='')}"
        if slash
        else f"/requests/{quote(subject, safe='')}"
    )
    if subject == "last":
        newest = client.ask("GET", "/requests?limit=1", needs="requests")["requests"]
        if not newest:
            raise click.ClickException("the journal is empty: nothing was asked yet")
        path = f"/requests/{newest[0]['id']}"
    data = client.ask("GET", path, needs="explanation")
    if as_json:
        import json

        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in order_lines(data) if slash else request_lines(data):
        click.echo(line)


def order_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """The story of `GET /_mock/orders/{provider}/{id}`."""
    told = data["explanation"]
    yield f"{data['provider']} {data['kind']} {data['id']}: {data['state']}, account {data['account']}"
    yield f"  machine   of scenario {told['machine']['scenario']}"
    rule = told["rule"]
    if rule is not None:
        yield f"  rule      {_named(rule)} decided its life: {_short(rule['then'])}"
    else:
        yield "  rule      none: the machine lived as it is"
    yield from _story(told["story"], told["besides"])
    for row in told["requests"]:
        refused = f" {row['mistake']}" if row["mistake"] else ""
        yield f"  asked     {row['at']}  {row['id']}  {row['operation']} -> {row['status']}{refused}"
    yield from _faults(told)


def request_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """The story of `GET /_mock/requests/{id}`."""
    told = data["explanation"]
    yield f"{data['id']}: {data['provider']} {data['operation'] or 'unknown path'} at {data['at']}"
    query = f"?{data['query']}" if data["query"] else ""
    yield f"  asked     {data['method']} {data['path']}{query} by account {data['account'] or '(nobody)'}"
    if data["request"]["body"]:
        yield f"            {_cut(data['request']['body'])}"
    refused = f", refused as {data['mistake']}" if data["mistake"] else ""
    yield f"  answered  {data['status']} in {data['milliseconds']} ms{refused}"
    if data["response"]["body"]:
        yield f"            {_cut(data['response']['body'])}"
    if told.get("ignored"):
        yield f"  ignored   {_short(told['ignored'])}: nothing reads fields of these names here"
    yield from _what_was_right(told)
    yield from _faults(told)
    yield from _rules(data, told)
    if "order" in told:
        order = told["order"]
        yield f"  order     {data['provider']}/{order['id']} ({order['kind']}), now {order['state']}"
        if not told["story"]:
            yield "            was only looked at"
        yield from _story(told["story"], told["besides"])


def _what_was_right(told: Mapping[str, Any]) -> Iterator[str]:
    prices = told.get("because", {}).get("prices", ())
    if prices:
        right = ", ".join(f"{one['price']} (tier {one['tier']})" for one in prices)
        yield f"  right     would have been {right}"
    for one in told.get("credentials", ()):
        yield f"  exists    {one['credential'] or '(credential not shown)'}, account {one['account']}"


def _faults(told: Mapping[str, Any]) -> Iterator[str]:
    for row in told["faults"]:
        yield f"  fault     {_fault(row)} {_what_it_did(row)}"
        if "about" in row:
            yield f"            {row['about']}"
    for miss in told["fault_near_misses"]:
        yield f"  nearly    fault {_fault(miss)}"
        yield from _differences(miss)


def _fault(row: Mapping[str, Any]) -> str:
    subject = row.get("request") or row.get("delivery")
    return f"{row['fault']!r} ({row['source']})" + (f", {subject}:" if subject else "")


def _what_it_did(row: Mapping[str, Any]) -> str:
    if not row["hit"]:
        return f"spared it: {row['why']}"
    what = [f"{aspect} {_short(row[aspect])}{_about(aspect, row[aspect])}" for aspect in row["decides"]]
    if "delayed" in row:
        what.append(f"{row['delayed']} passed")
    if "times" in row:
        what.append(f"{row['number']} of {row['times']} times")
    if "dice" in row:
        what.append(f"chance {row['dice']['chance']:g}, dice at {row['dice']['fell']}")
    if "overtook" in row:
        what.append(f"it overtook {row['overtook']}")
    if "by" in row:
        what.append(f"asked for by {row['by']}")
    return f"struck: {'; '.join(what)}"


def _about(aspect: str, written: Any) -> str:
    """What the client has seen of it, where the aspect's name and kind do not say it."""
    if aspect != "wire":
        return ""
    from mockserver.faults.wire_kinds import about

    return f" ({text})" if (text := about(written)) else ""


def _differences(miss: Mapping[str, Any]) -> Iterator[str]:
    for one in miss["differences"]:
        yield f"            {one['name']} wanted {one['wanted']}, found {one['found']!r}"


def _rules(data: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    for one in told["decisions"]:
        yield f"  rule      {_named(one)} decided {one['aspect']}: {_short(one['then'])}"
        if "about" in one:
            yield f"            {one['about']}"
        yield from (f"            passed over: {_named(row)}, {row['why']}" for row in one["passed_over"])
    for row in told["passed_over"]:
        yield f"  rule      none for {row['aspect']}: {_named(row)} is {row['why']}"
    if not told["decisions"] and not told["passed_over"]:
        yield "  rule      none decided"
    for miss in told["near_misses"]:
        yield f"  nearly    {_named(miss)}"
        yield from _differences(miss)
    for miss in data.get("near_misses", ()):
        if "endpoint" in miss:
            yield f"  nearly    {miss['endpoint']}"


def _story(story: Sequence[Mapping[str, Any]], besides: Mapping[str, Any]) -> Iterator[str]:
    for one in story:
        yield f"  {one['at']}  {one['state']}  ({_cause(one)})"
        for cast in one["dice"]:
            how = "a rule chose" if cast.get("by_rule") else f"dice at {cast['roll']}"
            yield f"      dice      {cast['for']}: {_short(cast['options'])}, {how}: {cast['fell']}"
        for timer in one["timers"]:
            rule = " by the rule" if timer["by_rule"] else ""
            way = f"({timer['delay']}{rule})" + (f" to {timer['to']}" if timer["to"] else "")
            yield f"      timer     {timer['event']} at {timer['at']} {way}: {timer['became']}"
        yield from (f"      no timer  {event}: the rule says never" for event in one["withheld"])
        if one["effects"]:
            yield f"      effects   {', '.join(_effect(each) for each in one['effects'])}"
        yield from followed(one)
    yield from followed(besides)


def followed(rows: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each movement of money and each delivery that followed."""
    for move in rows["money"]:
        yield f"      money     {move['kind']} {move['amount']} {move['currency']}, balance {move['balance_after']}"
    for sent in rows["deliveries"]:
        yield f"      webhook   {sent['id']} {sent['event']} to {sent['url']}: {sent['state']}"
        if sent["hostile"]:
            by = f"by {', '.join(map(repr, sent['faults']))}: " if sent["faults"] else ""
            yield f"                {by}{_short(sent['hostile'])}"
        for attempt in sent["attempts"]:
            answer = attempt["status"] if attempt["status"] is not None else attempt["detail"]
            yield f"                {attempt['at']}  {attempt['verdict']}: {answer}"
        if sent["next_try"]:
            yield f"                next try {sent['next_try']}"


def _cause(history_entry: Mapping[str, Any]) -> str:
    by = history_entry["caused_by"]
    if "request" in by:
        return f"by request {by['request']}"
    return str(history_entry["cause"])


def _effect(effect: Any) -> str:
    return effect if isinstance(effect, str) else " ".join(f"{name} {argument}" for name, argument in effect.items())


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['rule']!r} of scenario {row['scenario']}" if row["scenario"] else repr(row["rule"])


def _short(data: Any) -> str:
    if isinstance(data, str):
        return data
    import json

    return _cut(json.dumps(data, ensure_ascii=False))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
