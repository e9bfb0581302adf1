"""Parses faults from JSON data, which a test arms or a scenario file contains."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from mockserver.domain.errors import MISTAKE_NAMES
from mockserver.domain.moments import parse_moment
from mockserver.domain.suggestions import did_you_mean, suggestion
from mockserver.engine.delays import Delay, Fixed, span_from_data
from mockserver.engine.matching import Conditions, Matcher, matcher_from_data
from mockserver.engine.paths import PathPattern, compile_path
from mockserver.faults import webhook_kinds, wire_kinds
from mockserver.faults.model import ASPECTS, LONGEST_WAIT, Fault, Wire
from mockserver.faults.spans import delay_of

#: Every key that a fault may have: for faults of requests, for faults of deliveries, and for both.
_OF_REQUESTS = ("method", "path", "operation", "body", "query", "delay", "clock", "answer", "wire", "stage")
_OF_DELIVERIES = ("event", "webhook")
_OF_BOTH = ("name", "about", "provider", "account", "state", "times", "chance", "until", "on_demand")
KEYS = (*_OF_BOTH, *_OF_REQUESTS, *_OF_DELIVERIES)
#: How many unknown keys of one object are reported.
MOST_TOLD = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OUR_HEADERS = ("content-length", "transfer-encoding", "connection", "x-mock-request-id")

#: Called for each error, with the keys that lead to it and a sentence.
Refuse = Callable[[tuple[str, ...], str], None]


def fault_from_data(data: Mapping[str, Any], *, key: str, refuse: Refuse, provider: str | None = None) -> Fault:
    """Return the fault that this JSON data describes; it is complete only when `refuse` was not called."""
    for name in [name for name in data if name not in KEYS][:MOST_TOLD]:
        refuse((str(name),), f"unknown key {name!r} ({suggestion(str(name), KEYS)})")
    _check_kind(data, refuse)
    reader = _Reader(data, refuse)
    reader.text("about")
    delay, sandbox_time = reader.delay()
    return Fault(
        key=key,
        data=data,
        name=reader.text("name", _NAME, "letters, digits, . _ and -, at most 64"),
        provider=reader.text("provider") or provider,
        method=reader.text("method", re.compile("[A-Z]{1,16}"), "in capital letters"),
        path=reader.path(),
        operation=reader.text("operation"),
        account=reader.text("account"),
        event=reader.text("event"),
        body=reader.conditions("body"),
        query=reader.conditions("query"),
        state=reader.matcher(("state",), data["state"]) if "state" in data else None,
        times=reader.whole("times"),
        chance=reader.chance(),
        until=reader.until(),
        delay=delay,
        sandbox_time=sandbox_time,
        answer=reader.answer(),
        wire=(wire := reader.wire()),
        webhook=reader.webhook(),
        after=reader.stage(wire),
        on_demand=reader.flag(("on_demand",), data.get("on_demand", False)),
    )


def _check_kind(data: Mapping[str, Any], refuse: Refuse) -> None:
    """Report a fault that mixes requests with deliveries, or that does nothing."""
    if "webhook" in data:
        for name in _OF_REQUESTS:
            if name in data:
                refuse((name,), f"{name} tells requests, webhook deliveries: write two faults")
    elif not any(aspect in data for aspect in ASPECTS):
        refuse((), f"a fault needs one of {', '.join(ASPECTS)} and webhook")
    elif "event" in data:
        refuse(("event",), "event tells deliveries: it needs webhook beside it")


def _near(value: object, known: tuple[str, ...]) -> str:
    return did_you_mean(value, known) if isinstance(value, str) else ""


class _Reader:
    """Reads the members of one fault and reports their errors to `refuse`."""

    def __init__(self, data: Mapping[str, Any], refuse: Refuse) -> None:
        self._data = data
        self._refuse = refuse

    def text(self, key: str, pattern: re.Pattern[str] | None = None, rule: str = "") -> str | None:
        value = self._data.get(key)
        if key not in self._data or self._is(isinstance(value, str) and value != "", key, "a text that is not empty"):
            return None
        if pattern is not None and pattern.fullmatch(str(value)) is None:
            self._refuse((key,), f"{key} must be {rule}: {value!r}")
        return str(value)

    def path(self) -> PathPattern | None:
        text = self.text("path")
        if text is None:
            return None
        try:
            return compile_path(text)
        except ValueError as error:
            self._refuse(("path",), str(error))
            return None

    def conditions(self, key: str) -> Conditions:
        members = self._data.get(key)
        if key not in self._data or self._is(isinstance(members, Mapping), key, "an object of fields and values"):
            return ()
        return tuple((name, self.matcher((key, name), value)) for name, value in dict(members or {}).items())

    def matcher(self, place: tuple[str, ...], data: Any) -> Matcher:
        try:
            return matcher_from_data(data)
        except ValueError as error:
            self._refuse(place, str(error))
            return Matcher(())

    def whole(self, key: str) -> int | None:
        value = self._data.get(key)
        fine = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return None if key not in self._data or self._is(fine, key, "a whole number from 1") else value

    def chance(self) -> float | None:
        value = self._data.get("chance")
        fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1
        if "chance" not in self._data or self._is(fine, "chance", "a number above 0, at most 1"):
            return None
        return float(value or 0)

    def until(self) -> datetime | timedelta | None:
        if "until" not in self._data:
            return None
        value = self._data["until"]
        try:
            return parse_moment(value)
        except ValueError as error:
            try:
                return span_from_data(value)
            except ValueError:
                self._refuse(("until",), f"{error}, or a duration like 10m")
                return None

    def delay(self) -> tuple[Delay | None, bool]:
        """Return the delay, and whether it passes on the sandbox's clock."""
        written, clock = self._data.get("delay"), self._data.get("clock", "real")
        if "delay" not in self._data:
            if "clock" in self._data:
                self._refuse(("clock",), "clock says which time a delay takes: it needs delay beside it")
            return None, False
        place: tuple[str, ...] = ("clock",)
        if isinstance(written, Mapping):
            written = dict(written)
            place = ("delay", "clock") if "clock" in written else place
            clock = written.pop("clock", clock)
            written = written["fixed"] if list(written) == ["fixed"] else written
        if clock not in ("real", "sandbox"):
            self._refuse(place, f"clock must be real or sandbox, not {clock!r}{_near(clock, ('real', 'sandbox'))}")
        return self._span(written, real=clock == "real"), clock == "sandbox"

    def _span(self, data: Any, *, real: bool) -> Delay | None:
        try:
            delay = delay_of("delay", data)
        except ValueError as error:
            self._refuse(("delay",), str(error))
            return None
        match delay:
            case Fixed(span=span) if real and span > LONGEST_WAIT:
                self._refuse(("delay",), f"an answer is held back for an hour of real time at most: {data!r}")
        return delay

    def answer(self) -> Mapping[str, Any] | None:
        value = self._data.get("answer")
        if "answer" not in self._data or self._is(isinstance(value, Mapping), "answer", "an object"):
            return None
        answer = dict(value or {})
        if "mistake" in answer:
            self._mistake(answer)
        elif "status" in answer:
            self._raw(answer)
        else:
            self._refuse(("answer",), "answer needs mistake or status")
        return answer

    def _mistake(self, answer: Mapping[str, Any]) -> None:
        self._only(answer, ("mistake", "retry_after"), "answer")
        if answer["mistake"] not in MISTAKE_NAMES:
            hint = suggestion(str(answer["mistake"]), MISTAKE_NAMES)
            self._refuse(("answer", "mistake"), f"unknown mistake {answer['mistake']!r} ({hint})")
        if "retry_after" in answer:
            if answer["mistake"] != "RateLimited":
                self._refuse(("answer", "retry_after"), "retry_after belongs to RateLimited")
            try:
                span_from_data(answer["retry_after"])
            except ValueError as error:
                self._refuse(("answer", "retry_after"), str(error))

    def _raw(self, answer: Mapping[str, Any]) -> None:
        self._only(answer, ("status", "body", "headers"), "answer")
        status, headers = answer["status"], answer.get("headers", {})
        if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
            self._refuse(("answer", "status"), f"status must be a whole number from 200 to 599, not {status!r}")
        if not isinstance(headers, Mapping):
            self._refuse(("answer", "headers"), "headers must be an object of names and texts")
            return
        for name, value in headers.items():
            if _HEADER.fullmatch(str(name)) is None or str(name).lower() in _OUR_HEADERS:
                self._refuse(("answer", "headers", str(name)), f"not a header that a fault may set: {name!r}")
            if not isinstance(value, str) or _HEADER_VALUE.fullmatch(value) is None:
                self._refuse(("answer", "headers", str(name)), "a header is a text in one line (Latin-1)")

    def wire(self) -> Wire | None:
        if "wire" not in self._data:
            return None
        try:
            return wire_kinds.read(self._data["wire"])
        except ValueError as error:
            self._refuse(("wire",), str(error))
            return None

    def stage(self, wire: Wire | None) -> bool:
        """Return whether the request is worked on before the fault strikes."""
        stage = self._data.get("stage")
        if "stage" not in self._data:
            return False
        if stage not in ("before", "after"):
            self._refuse(("stage",), f"stage must be before or after, not {stage!r}{_near(stage, ('before', 'after'))}")
        elif stage == "before" and wire is not None and wire_kinds.needs_answer(wire) and "answer" not in self._data:
            names = wire_kinds.needing_an_answer()
            self._refuse(("stage",), f"{names} spoil an answer: there is none before the request is worked on")
        return stage == "after"

    def webhook(self) -> Mapping[str, Any] | None:
        written = self._data.get("webhook")
        if "webhook" not in self._data or self._is(isinstance(written, Mapping), "webhook", "an object"):
            return None
        webhook = dict(written or {})
        self._only(webhook, webhook_kinds.names(), "webhook")
        if not webhook:
            self._refuse(("webhook",), f"webhook needs one of {', '.join(webhook_kinds.names())}")
        for kind, argument in webhook_kinds.written(webhook):
            try:
                kind.check(argument)
            except ValueError as error:
                self._refuse(("webhook", kind.name), str(error))
        return webhook

    def flag(self, place: tuple[str, ...], value: Any) -> bool:
        if not isinstance(value, bool):
            self._refuse(place, f"{place[-1]} must be true or false: {value!r}")
        return value is True

    def _only(self, members: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for name in [name for name in members if name not in known][:MOST_TOLD]:
            self._refuse((where, str(name)), f"unknown key {name!r} ({suggestion(str(name), known)})")

    def _is(self, fine: bool, key: str, wanted: str) -> bool:
        """Return whether the member is unusable, and report it where it is."""
        if not fine:
            self._refuse((key,), f"{key} must be {wanted}: {self._data[key]!r}")
        return not fine
