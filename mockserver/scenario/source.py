"""Reads YAML with the scalar rules of JSON, so that `NO` is a text, and with the place of every value."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from mockserver.scenario.problems import LARGEST, Place, Report, ScenarioProblems, Trail, trail_text

_DEEPEST = 32
#: How many items a list, how many keys an object, and how many values the whole file may have.
MOST_ITEMS, MOST_KEYS, MOST_VALUES = 1_000, 500, 50_000
_LONGEST_NUMBER = 40
_WORDS = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_source(raw: str | bytes, report: Report, *, loader: Any = _FAST_LOADER) -> tuple[str, Any]:
    """Return the text without a byte order mark, and its JSON data; put the places of all values into `report`.

    Plain scalars are `true`, `false`, `null` and JSON numbers; every other one is a text. Duplicate keys,
    keys that are not texts, anchors, aliases, tags and missing values are reported and skipped.
    Raises ScenarioProblems for errors that end the reading: encoding, size, YAML syntax, several documents.
    """
    text = _decoded(raw, report)
    reader = _Reader(_events(text, report, loader), report)
    return text, reader.document()


def _stop(report: Report, place: Place, message: str) -> ScenarioProblems:
    report.error_at(place, message)
    return ScenarioProblems(report.errors())


def _decoded(raw: str | bytes, report: Report) -> str:
    try:
        encoded = raw.encode() if isinstance(raw, str) else raw
    except UnicodeEncodeError as error:
        raise _stop(report, _place(str(raw), error.start), "not Unicode: half of a surrogate pair") from None
    if len(encoded) > LARGEST:
        raise _stop(report, (1, 1), f"the file is larger than 1 MiB: {len(encoded)} bytes")
    try:
        text = encoded.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = encoded[: error.start].decode("utf-8-sig")
        raise _stop(report, _place(before, len(before)), f"not UTF-8: byte 0x{encoded[error.start]:02x}") from None
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        place = _place(text, bad.start())
        raise _stop(report, place, f"a character that YAML does not allow: U+{ord(bad.group()):04X}")
    return text


def _place(text: str, offset: int) -> Place:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _events(text: str, report: Report, loader: Any) -> Iterator[Any]:
    parser = loader(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise _stop(report, place, _syntax_message(error, text, place[0])) from None
    except yaml.YAMLError as error:
        raise _stop(report, (1, 1), f"not YAML: {error}") from None
    finally:
        parser.dispose()


def _syntax_message(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    lines = text.split("\n")
    line_text = lines[line - 1] if line <= len(lines) else ""
    if "\t" in line_text[: len(line_text) - len(line_text.lstrip())]:
        return "not YAML: a tab where only spaces may indent"
    context = ""
    if error.context:
        since = f" that begins in line {error.context_mark.line + 1}" if error.context_mark is not None else ""
        context = f" ({error.context}{since})"
    return f"not YAML: {error.problem or 'syntax error'}{context}"


class _Reader:
    """Builds data from the parser's events, because composed nodes no longer show aliases."""

    __slots__ = ("events", "report")

    def __init__(self, events: Iterator[Any], report: Report) -> None:
        self.events = events
        self.report = report

    def document(self) -> Any:
        """Return the data of the only document."""
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _stop(self.report, (1, 1), "the file is empty")
        first = next(self.events)
        if isinstance(first, yaml.ScalarEvent) and not first.style and not first.value:
            raise _stop(self.report, (1, 1), "the file is empty")
        data = self._value(first, (), 0)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _stop(self.report, _start(event), "a second document: a file holds one scenario")
        return data

    def _value(self, event: Any, trail: Trail, depth: int) -> Any:
        self.report.values[trail] = place = _start(event)
        if depth > _DEEPEST:
            raise _stop(self.report, place, f"nested deeper than {_DEEPEST} levels")
        if len(self.report.values) > MOST_VALUES:
            raise _stop(self.report, place, f"a file has at most {MOST_VALUES} values")
        if isinstance(event, yaml.AliasEvent):
            self.report.error(trail, f"no aliases: write the value out instead of *{event.anchor}")
            return None
        self._check_properties(event, trail)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, trail)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(trail, depth)
        return self._object(trail, depth)

    def _check_properties(self, event: Any, trail: Trail) -> None:
        if event.anchor is not None:
            self.report.error(trail, f"no anchors: remove &{event.anchor}")
        if event.tag is not None:
            self.report.error(trail, f"no tags: remove {event.tag.replace('tag:yaml.org,2002:', '!!')}")

    def _list(self, trail: Trail, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            if len(items) == MOST_ITEMS:
                raise _stop(self.report, _start(event), f"{trail_text(trail)} has more than {MOST_ITEMS} items")
            items.append(self._value(event, (*trail, len(items)), depth + 1))
        return items

    def _object(self, trail: Trail, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line, column = _start(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.report.error_at((line, column), "keys are texts, not lists, objects or aliases")
                aside = (*trail, f"(key {line}:{column})")
                self._value(event, aside, depth + 1)
                self._value(next(self.events), (*aside, "value"), depth + 1)
                continue
            key = event.value
            if key in members:
                first = self.report.keys[*trail, key][0]
                self.report.error_at((line, column), f"key {key!r} is here twice (first in line {first})")
                self._value(next(self.events), (*trail, f"(key {line}:{column})"), depth + 1)
                continue
            if len(members) == MOST_KEYS:
                raise _stop(self.report, (line, column), f"{trail_text(trail)} has more than {MOST_KEYS} keys")
            self._key(event, (*trail, key))
            members[key] = self._value(next(self.events), (*trail, key), depth + 1)
        return members

    def _key(self, event: Any, trail: Trail) -> None:
        self.report.keys[trail] = _start(event)
        key = event.value
        if event.anchor is not None or event.tag is not None:
            self.report.error(trail, f"no anchors and tags: remove the one of key {key!r}", at_key=True)
        elif not event.style and not key:
            self.report.error(trail, "a key is missing before the colon", at_key=True)
        elif not event.style and (key in _WORDS or _NUMBER.fullmatch(key)):
            self.report.error(trail, f'keys are texts: write "{key}" instead of {key}', at_key=True)

    def _scalar(self, event: Any, trail: Trail) -> Any:
        text = event.value
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if not text:
            self.report.error(trail, 'a value is missing: write one, null or ""', at_key=True)
            return None
        match = _NUMBER.fullmatch(text)
        return text if match is None else self._number(text, match, trail)

    def _number(self, text: str, match: re.Match[str], trail: Trail) -> int | float | None:
        if len(text) > _LONGEST_NUMBER:
            self.report.error(trail, f"numbers have at most {_LONGEST_NUMBER} characters, this one {len(text)}")
            return None
        if match[1] is None and match[2] is None:
            return int(text)
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self.report.error(trail, f"the number is too large: {text}")
            return None
        return number


def _start(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
