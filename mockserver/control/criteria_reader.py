"""Compiles the criteria of `count`, `find` and the listing into tests of the journal's entries.

A criterion that nothing can match is refused with a suggestion: a count for a misspelt name must not be 0.
A name can match when a provider or the sandbox knows it, or when an entry of the journal has it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mockserver.control.operation import ControlCall
from mockserver.control.paging import SLICE_BYTES, Slices
from mockserver.control.paths import PathTest
from mockserver.control.vocabulary import Vocabulary
from mockserver.domain.errors import Invalid, NotFound
from mockserver.domain.suggestions import suggestion
from mockserver.engine.matching import COMPARISONS, Matcher, matcher_from_data, takes_values
from mockserver.faults.model import look_up
from mockserver.http.asked import body_data, texts_of
from mockserver.http.path_names import path_problem
from mockserver.http.vocabulary import METHODS
from mockserver.journal.journal import Entry
from mockserver.sandbox.naming import account_id_of, known_names
from mockserver.sandbox.unit_of_work import UnitOfWork

Test = Callable[[Entry], bool]

#: How many values a list of a matcher may have.
MOST_VALUES = 100
#: After how many patterns other requests get their turn: each is compared with every endpoint and entry.
_PATHS_IN_A_ROW = 5
#: The comparisons that take whole values, and those of numbers.
_EQUAL = tuple(name for name, comparison in COMPARISONS.items() if comparison.takes in ("value", "values"))
_ORDERED = tuple(name for name, comparison in COMPARISONS.items() if comparison.takes == "number")
_STATUSES = range(100, 600)
#: Criteria whose values are names, besides `provider`, which comes first.
_NAMES = ("operation", "mistake", "rule", "fault")
#: Criteria of properties that every request has.
_ALWAYS = ("provider", "method", "path", "status", "changes_state")


async def read_criteria(
    call: ControlCall, work: UnitOfWork, entries: Sequence[Entry], criteria: Mapping[str, Any]
) -> Callable[[Entry], bool]:
    """Return a test that says whether an entry meets all criteria.

    Raises Invalid, with a text for each field, for criteria that no entry can ever meet.
    """
    reader = _Reader(call, work, entries, criteria)
    await reader.read()
    if reader.errors:
        raise Invalid(reader.errors)
    tests = reader.tests
    return lambda entry: all(test(entry) for test in tests)


class _Reader:
    """Makes tests from criteria, and collects their errors by field."""

    def __init__(
        self, call: ControlCall, work: UnitOfWork, entries: Sequence[Entry], criteria: Mapping[str, Any]
    ) -> None:
        self.errors: dict[str, list[str]] = {}
        self.tests: list[Test] = []
        self._criteria = criteria
        self._work = work
        self._providers = dict(call.server.providers)
        self._entries = entries
        self._schemas = call.server.schemas

    async def read(self) -> None:
        self._provider()
        if self.errors:
            return  # the other criteria name things of providers, which are unknown now
        words = Vocabulary(list(self._providers.values()), self._work.state, self._schemas)
        self._entries = [entry for entry in self._entries if entry.provider in self._providers]
        for name in _NAMES:
            if (matcher := self._matcher(name)) is not None:
                self._known(name, matcher, words.names(name), more=words.library_faults if name == "fault" else None)
                self._add(name, matcher)
        self._method()
        self._status()
        self._changes_state()
        await self._path(words)
        await self._account()
        await self._order()
        await self._fields("body", words, _body_of)
        await self._fields("query", words, lambda entry: texts_of(entry.query.encode("latin-1", "replace")))

    # -- one criterion each ----------------------------------------------------------------------------

    def _provider(self) -> None:
        matcher = self._matcher("provider")
        if matcher is None:
            return
        self._known("provider", matcher, self._providers)
        self._providers = {
            name: provider for name, provider in self._providers.items() if matcher.holds(name, present=True)
        }
        self._add("provider", matcher)

    def _method(self) -> None:
        if "method" not in self._criteria:
            return
        matcher = self._matcher_from("method", _upper(self._criteria["method"]))
        if matcher is not None:
            self._known("method", matcher, METHODS)
            self._add("method", matcher)

    def _status(self) -> None:
        matcher = self._matcher("status")
        if matcher is None:
            return
        for name, operand in _operands(matcher):
            if name not in (*_EQUAL, *_ORDERED):
                continue
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                self._refuse("status", _not_a_number(operand))
            elif name in _EQUAL and operand not in _STATUSES:
                self._refuse("status", f"no answer has this status: {operand}")
        if "status" not in self.errors and not any(matcher.holds(status, present=True) for status in _STATUSES):
            self._refuse("status", f"no status is like this: {matcher.text()[:100]} (they are from 100 to 599)")
        self._add("status", matcher)

    def _changes_state(self) -> None:
        matcher = self._matcher("changes_state")
        if matcher is not None:
            if any(not isinstance(operand, bool) for _, operand in _operands(matcher)):
                self._refuse("changes_state", "must be true or false")
            self._add("changes_state", matcher)

    async def _path(self, words: Vocabulary) -> None:
        matcher = self._matcher("path")
        if matcher is None:
            return
        for comparison, operand in matcher.tests:
            if comparison in _ORDERED:
                self._refuse("path", f"a path is no number: {comparison} compares numbers")
                return
            if comparison == "prefix" and operand and not operand.startswith("/"):
                self._refuse(
                    "path", f"a path begins with a slash: {operand[:100]!r} (did you mean {'/' + operand[:100]!r}?)"
                )
                return
        try:
            test = PathTest(matcher)
        except ValueError as error:
            self._refuse("path", str(error))
            return
        slices = Slices(_PATHS_IN_A_ROW)
        for pattern in test.patterns:
            await slices.add()
            problem = path_problem(pattern, words.endpoints)
            if problem is not None and not any(pattern.match(entry.path) for entry in self._entries):
                self._refuse("path", problem)
                break
        self.tests.append(lambda entry: test.holds(entry.path))

    async def _account(self) -> None:
        async def known() -> list[str]:
            provider_rules = [provider.rules for provider in self._providers.values()]
            return [name for rules in provider_rules for name in await known_names(self._work, rules)]

        async def translated(provider: str, name: str) -> str | None:
            return await account_id_of(self._work, self._providers[provider].rules, name)

        await self._translated("account", translated, known)

    async def _order(self) -> None:
        async def seen() -> list[str]:
            return sorted({entry.order for entry in self._entries if entry.order})

        async def translated(provider: str, name: str) -> str | None:
            try:
                return (await self._work.order(provider, name)).id
            except NotFound:
                return None

        await self._translated("order", translated, seen)

    async def _translated(
        self,
        name: str,
        translate: Callable[[str, str], Awaitable[str | None]],
        known: Callable[[], Awaitable[list[str]]],
    ) -> None:
        """Read a criterion whose values each provider translates into the journal's, such as a key into an account id.

        `translate` takes a provider's name and a value; `known` gives the names to suggest.
        """
        matcher = self._matcher(name)
        if matcher is None:
            return
        seen = {getattr(entry, name) for entry in self._entries}
        values = [operand for comparison, operand in _operands(matcher) if comparison in _EQUAL]
        if not all(isinstance(value, str) for value in values):
            self._refuse(name, 'must be a text (nobody is {"exists": false})')
            return
        matchers: dict[str, Matcher] = {}
        unknown = set(values) - seen
        for provider in self._providers:
            translations = {value: await translate(provider, value) for value in values}
            ids = {value: own_id for value, own_id in translations.items() if own_id is not None}
            unknown -= ids.keys()
            matchers[provider] = _replaced(matcher, ids)
        if unknown:
            # The value is not repeated: it may be a secret, sent in place of a name.
            self._refuse(name, f"unknown {name} ({suggestion(next(iter(unknown)), await known())})")
        self.tests.append(lambda entry: _holds_for(matchers[entry.provider], getattr(entry, name)))

    async def _fields(self, name: str, words: Vocabulary, data_of: Callable[[Entry], Any]) -> None:
        conditions = []
        fields = self._criteria.get(name, {})
        if len(fields) > MOST_VALUES:
            self._refuse(name, f"at most {MOST_VALUES} fields")
            return
        known = words.endpoints.fields(name) if fields else None
        for field, condition in fields.items():
            matcher = self._matcher_from(f"{name}.{field}", condition)
            if matcher is None:
                continue
            conditions.append((field, matcher))
            first = field.partition(".")[0]
            if known is None or first in known or matcher.holds(None, present=False):
                continue
            if not await self._has_field(first, data_of):
                self._refuse(f"{name}.{field}", f"no endpoint takes this field ({suggestion(first, sorted(known))})")
                break

        def holds(entry: Entry) -> bool:
            data = data_of(entry)
            return all(
                matcher.holds(value, present=present)
                for field, matcher in conditions
                for present, value in (look_up(data, field),)
            )

        if conditions:
            self.tests.append(holds)

    async def _has_field(self, name: str, data_of: Callable[[Entry], Any]) -> bool:
        """Return whether any entry has the field; in slices, since a journal of large bodies takes a while to read."""
        slices = Slices(SLICE_BYTES)
        for entry in self._entries:
            if look_up(data_of(entry), name)[0]:
                return True
            await slices.add(len(entry.request_body) + 250)
        return False

    # -- what all have in common -------------------------------------------------------------------------

    def _matcher(self, name: str) -> Matcher | None:
        """Return the matcher of a criterion, None where it is left out or was refused."""
        return self._matcher_from(name, self._criteria[name]) if name in self._criteria else None

    def _matcher_from(self, name: str, data: Any) -> Matcher | None:
        try:
            matcher = matcher_from_data(data)
        except ValueError as error:
            self._refuse(name, str(error))
            return None
        if len(_operands(matcher)) > MOST_VALUES:
            self._refuse(name, f"at most {MOST_VALUES} values")
            return None
        if ("in", ()) in matcher.tests:
            self._refuse(name, "nothing is in an empty list")
            return None
        for comparison, operand in matcher.tests:
            if comparison in _ORDERED and not _is_number(operand):
                self._refuse(name, f"{comparison} takes a number: {str(operand)[:100]!r}")
                return None
        if name in _ALWAYS and ("exists", False) in matcher.tests:
            self._refuse(name, "every request has one")
            return None
        return matcher

    def _known(
        self, name: str, matcher: Matcher, known: Iterable[str], more: Callable[[], Iterable[str]] | None = None
    ) -> None:
        """Refuse a value that is not a known name, and a matcher that no known name passes.

        `more` collects further known names, which takes longer; called only where `known` does not suffice.
        """
        seen = {getattr(entry, name) for entry in self._entries} - {None}
        names = list(dict.fromkeys([*known, *sorted(seen)]))
        values = [operand for comparison, operand in _operands(matcher) if comparison in _EQUAL]
        if more is not None and not all(value in names for value in values):
            names = list(dict.fromkeys([*more(), *names]))
        unknown = [value for value in values if value not in names]
        if unknown:
            text = unknown[0] if isinstance(unknown[0], str) else repr(unknown[0])
            self._refuse(name, f"unknown {name}: {text[:100]!r} ({suggestion(text, names)})")
        if name not in self.errors and not matcher.holds(None, present=False):
            if not any(matcher.holds(value, present=True) for value in names):
                self._refuse(name, f"no {name} is like this: {matcher.text()[:100]} ({suggestion('', names)})")

    def _add(self, name: str, matcher: Matcher) -> None:
        self.tests.append(lambda entry: _holds_for(matcher, getattr(entry, name)))

    def _refuse(self, name: str, text: str) -> None:
        self.errors.setdefault(name, []).append(text)


def _body_of(entry: Entry) -> Any:
    media = next((value for name, value in entry.request_headers if name.lower() == b"content-type"), b"")
    return body_data(entry.request_body, media=media.decode("latin-1"), form=False)


def _holds_for(matcher: Matcher, value: object) -> bool:
    return matcher.holds(value, present=value is not None)


def _operands(matcher: Matcher) -> list[tuple[str, Any]]:
    """Return every operand with the name of its comparison, each value of a list by itself."""
    return [
        (name, value)
        for name, operand in matcher.tests
        for value in (operand if takes_values(name) else (operand,))
        if name != "exists"
    ]


def _replaced(matcher: Matcher, ids: Mapping[Any, str]) -> Matcher:
    def own(name: str, operand: Any) -> Any:
        if takes_values(name):
            return tuple(ids.get(value, value) if isinstance(value, str) else value for value in operand)
        return ids.get(operand, operand) if name in _EQUAL and isinstance(operand, str) else operand

    return Matcher(tuple((name, own(name, operand)) for name, operand in matcher.tests))


def _is_number(operand: object) -> bool:
    if isinstance(operand, bool) or not isinstance(operand, int | float | str):
        return False
    try:
        return not Decimal(str(operand)).is_nan()
    except ArithmeticError:
        return False


def _upper(data: Any) -> Any:
    if isinstance(data, str):
        return data.upper()
    if isinstance(data, list):
        return [_upper(value) for value in data]
    return {name: _upper(value) for name, value in data.items()} if isinstance(data, dict) else data


def _not_a_number(operand: object) -> str:
    text = f"must be a number: {str(operand)[:100]!r}"
    digits = isinstance(operand, str) and operand.isascii() and operand.isdecimal() and len(operand) == 3
    return f"{text} (did you mean {operand}?)" if digits else text
