"""`mockserver explain`: prints the story of a request or an order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from mockserver.cli.client import ControlClient, client_options

_LONGEST = 160
_REFUSED = 400


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("subject", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the control API's answer instead.")
@client_options
def explain(client: ControlClient, subject: str, as_json: bool) -> None:
    """Explain why a request got its answer, or what happened to an order and why.

    ID is the X-Mock-Request-Id of an answer, such as req_00000012, or PROVIDER/ORDER; `last` is the newest request, and
    `last-refused` the newest one that was refused.
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
    client.check_sandbox()
    if subject == "last":
        newest = client.ask("GET", "/requests?limit=1", needs="requests")["requests"]
        if not newest:
            raise click.ClickException("the journal is empty: nothing was asked yet")
        path = f"/requests/{newest[0]['id']}"
    if subject == "last-refused":
        path = f"/requests/{_last_refused(client)}"
    data = client.ask("GET", path, needs="explanation")
    if as_json:
        import json

        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for line in order_lines(data) if slash else request_lines(data):
        click.echo(line)


def _last_refused(client: ControlClient) -> str:
    """Return the id of the newest request that was refused: an error answered it, or nothing; raises ClickException."""
    after = ""
    while True:
        page = client.ask("GET", f"/requests?limit=100{after}", needs="requests")
        for row in page["requests"]:
            if row["mistake"] or row["status"] >= _REFUSED or not row["status"]:
                return str(row["id"])
        if page["next"] is None:
            raise click.ClickException("the journal has no request that was refused")
        after = f"&after={page['next']}"


def order_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an order's story, from the data of `GET /_mock/orders/{provider}/{id}`."""
    explanation = data["explanation"]
    yield f"{data['provider']} {data['kind']} {data['id']}: {data['state']}, account {data['account']}"
    yield f"  machine   of scenario {explanation['machine']['scenario']}"
    rule = explanation["rule"]
    if rule is not None:
        yield f"  rule      {_named(rule)} decided its life: {_short(rule['then'])}"
    else:
        yield "  rule      no rule changed the machine"
    yield from _story(explanation["story"], explanation["besides"])
    for row in explanation["requests"]:
        refused = f" {row['mistake']}" if row["mistake"] else ""
        yield f"  asked     {row['at']}  {row['id']}  {row['operation']} -> {_answer(row['status'])}{refused}"
    yield from _faults(explanation)


def request_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a request's story, from the data of `GET /_mock/requests/{id}`."""
    explanation = data["explanation"]
    yield f"{data['id']}: {data['provider']} {data['operation'] or 'unknown path'} at {data['at']}"
    query = f"?{data['query']}" if data["query"] else ""
    yield f"  asked     {data['method']} {data['path']}{query} by account {data['account'] or '(nobody)'}"
    if data["request"]["body"]:
        yield f"            {_cut(data['request']['body'])}"
    refused = f", refused as {data['mistake']}" if data["mistake"] else ""
    yield f"  answered  {_answer(data['status'])} in {data['milliseconds']} ms{refused}"
    if data["response"]["body"]:
        yield f"            {_cut(data['response']['body'])}"
    if explanation.get("ignored"):
        yield f"  ignored   {_short(explanation['ignored'])}: nothing reads fields of these names here"
    yield from _corrections(explanation)
    yield from _faults(explanation)
    yield from _rules(data, explanation)
    if "order" in explanation:
        order = explanation["order"]
        yield f"  order     {data['provider']}/{order['id']} ({order['kind']}), now {order['state']}"
        if not explanation["story"]:
            yield "            was only looked at"
        yield from _story(explanation["story"], explanation["besides"])


def _answer(status: int) -> str:
    """Return the status for people: it is 0 where a fault of the wire let no answer out."""
    return str(status) if status else "no answer"


def _corrections(explanation: Mapping[str, Any]) -> Iterator[str]:
    prices = explanation.get("because", {}).get("prices", ())
    if prices:
        prices_text = ", ".join(f"{row['price']} (tier {row['tier']})" for row in prices)
        yield f"  right     would have been {prices_text}"
    for row in explanation.get("credentials", ()):
        yield f"  exists    {row['credential'] or '(credential not shown)'}, account {row['account']}"


def _faults(explanation: Mapping[str, Any]) -> Iterator[str]:
    for row in explanation["faults"]:
        yield f"  fault     {_fault(row)} {_outcome(row)}"
        if "about" in row:
            yield f"            {row['about']}"
    for miss in explanation["fault_near_misses"]:
        yield f"  nearly    fault {_fault(miss)}"
        yield from _differences(miss)


def _fault(row: Mapping[str, Any]) -> str:
    subject = row.get("request") or row.get("delivery")
    return f"{row['fault']!r} ({row['source']})" + (f", {subject}:" if subject else "")


def _outcome(row: Mapping[str, Any]) -> str:
    if not row["hit"]:
        return f"spared it: {row['why']}"
    parts = [f"{aspect} {_short(row[aspect])}{_about(aspect, row[aspect])}" for aspect in row["decides"]]
    if "delayed" in row:
        parts.append(f"{row['delayed']} passed")
    if "times" in row:
        parts.append(f"{row['number']} of {row['times']} times")
    if "dice" in row:
        parts.append(f"chance {row['dice']['chance']:g}, dice at {row['dice']['fell']}")
    if "overtook" in row:
        parts.append(f"it overtook {row['overtook']}")
    if "by" in row:
        parts.append(f"asked for by {row['by']}")
    return f"struck: {'; '.join(parts)}"


def _about(aspect: str, value: Any) -> str:
    """Return what the client sees of a fault of the wire, in parentheses; empty for other aspects."""
    if aspect != "wire":
        return ""
    from mockserver.faults.wire_kinds import about

    return f" ({text})" if (text := about(value)) else ""


def _differences(miss: Mapping[str, Any]) -> Iterator[str]:
    for difference in miss["differences"]:
        yield f"            {difference['name']} wanted {difference['wanted']}, found {difference['found']!r}"


def _rules(data: Mapping[str, Any], explanation: Mapping[str, Any]) -> Iterator[str]:
    for decision in explanation["decisions"]:
        yield f"  rule      {_named(decision)} decided {decision['aspect']}: {_short(decision['then'])}"
        if "about" in decision:
            yield f"            {decision['about']}"
        yield from (f"            passed over: {_named(row)}, {row['why']}" for row in decision["passed_over"])
    for row in explanation["passed_over"]:
        yield f"  rule      none for {row['aspect']}: {_named(row)} is {row['why']}"
    if not explanation["decisions"] and not explanation["passed_over"]:
        yield "  rule      none decided"
    for miss in explanation["near_misses"]:
        yield f"  nearly    {_named(miss)}"
        yield from _differences(miss)
    for miss in data.get("near_misses", ()):
        if "endpoint" in miss:
            yield f"  nearly    {miss['endpoint']}"


def _story(story: Sequence[Mapping[str, Any]], besides: Mapping[str, Any]) -> Iterator[str]:
    for passage in story:
        yield f"  {passage['at']}  {passage['state']}  ({_cause(passage)})"
        for cast in passage["dice"]:
            decided_by = "a rule chose" if cast.get("by_rule") else f"dice at {cast['roll']}"
            yield f"      dice      {cast['for']}: {_short(cast['options'])}, {decided_by}: {cast['fell']}"
        for timer in passage["timers"]:
            rule = " by the rule" if timer["by_rule"] else ""
            delay_text = f"({timer['delay']}{rule})" + (f" to {timer['to']}" if timer["to"] else "")
            yield f"      timer     {timer['event']} at {timer['at']} {delay_text}: {timer['became']}"
        yield from (f"      no timer  {event}: the rule says never" for event in passage["withheld"])
        if passage["effects"]:
            yield f"      effects   {', '.join(_effect(each) for each in passage['effects'])}"
        yield from follow_up_lines(passage)
    yield from follow_up_lines(besides)


def follow_up_lines(rows: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each movement of money and each delivery that followed."""
    for move in rows["money"]:
        yield f"      money     {move['kind']} {move['amount']} {move['currency']}, balance {move['balance_after']}"
    for delivery in rows["deliveries"]:
        yield f"      webhook   {delivery['id']} {delivery['event']} to {delivery['url']}: {delivery['state']}"
        if delivery["hostile"]:
            by = f"by {', '.join(map(repr, delivery['faults']))}: " if delivery["faults"] else ""
            yield f"                {by}{_short(delivery['hostile'])}"
        for attempt in delivery["attempts"]:
            answer = attempt["status"] if attempt["status"] is not None else attempt["detail"]
            yield f"                {attempt['at']}  {attempt['verdict']}: {answer}"
        if delivery["next_try"]:
            yield f"                next try {delivery['next_try']}"


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
