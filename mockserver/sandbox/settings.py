"""Settings of a sandbox: one flat table of dotted names, checked when set."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from mockserver.domain.errors import Invalid
from mockserver.domain.suggestions import did_you_mean
from mockserver.engine.delays import span_from_data

#: How many wrong settings are reported at once.
MOST_TOLD = 20
Kind = Literal["choice", "duration", "boolean", "whole", "text"]


class Setting(NamedTuple):
    """One row of the table. A `choice` takes one of `choices`; a `duration` a text or a number of seconds."""

    name: str
    default: Any
    kind: Kind
    help: str
    choices: tuple[Any, ...] = ()

    def problem(self, value: object) -> str | None:
        """Return the error of the value, or None."""
        match self.kind:
            case "choice":
                # Python takes 1.0 and True for 1.
                if not any(value == choice and type(value) is type(choice) for choice in self.choices):
                    hint = did_you_mean(value, map(str, self.choices)) if isinstance(value, str) else ""
                    return f"must be one of {', '.join(map(repr, self.choices))}: {value!r}{hint}"
            case "duration":
                try:
                    span_from_data(value)
                except ValueError as error:
                    return str(error)
            case "boolean":
                if not isinstance(value, bool):
                    return f"must be true or false: {value!r}"
            case "whole":
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    return f"must be a whole number from 0: {value!r}"
            case "text":
                if not isinstance(value, str):
                    return f"must be a text: {value!r}"
        return None


#: Settings that every sandbox has, whatever its providers.
COMMON = (
    Setting(
        "rate_limits",
        "documented",
        "choice",
        "whether the providers' rate limits refuse calls, on the sandbox's clock",
        ("documented", "off"),
    ),
    Setting(
        "accept_any_key",
        False,
        "boolean",
        "open an account for each unknown credential instead of refusing it",
    ),
)


class SettingsTable:
    """The settings of one sandbox: patched values, over the values of scenarios, over defaults."""

    __slots__ = ("_patched", "_rows", "_scenario", "values")

    def __init__(self, rows: Iterable[Setting]) -> None:
        self._rows = {row.name: row for row in rows}
        self._scenario: dict[str, Any] = {}
        self._patched: dict[str, Any] = {}
        self.values: Mapping[str, Any] = {}
        self._merge()

    @property
    def patched(self) -> Mapping[str, Any]:
        """The values that were set over those of scenarios and the defaults."""
        return self._patched

    def patch(self, changes: Mapping[str, Any]) -> None:
        """Set some values, all or none; raises Invalid, which names each wrong setting."""
        self._check(changes)
        self._patched = {**self._patched, **changes}
        self._merge()

    def use_scenario_values(self, values: Mapping[str, Any]) -> None:
        """Use the values that the active scenarios set; raises Invalid and then changes nothing."""
        self._check(values)
        self._scenario = dict(values)
        self._merge()

    def with_scenario_values(self, values: Mapping[str, Any]) -> "SettingsTable":
        """Return the same settings with other values of scenarios; raises Invalid."""
        other = SettingsTable(self._rows.values())
        other._patched = self._patched
        other.use_scenario_values(values)
        return other

    def described(self) -> dict[str, dict[str, Any]]:
        """Return value, default, help and, for a choice, the choices of each setting, by name."""
        return {
            name: {
                "value": self.values[name],
                "default": row.default,
                "help": row.help,
                **({"choices": list(row.choices)} if row.choices else {}),
            }
            for name, row in self._rows.items()
        }

    def problem(self, name: str, value: object) -> str | None:
        """Return why the setting cannot have this value, or None when it can."""
        row = self._rows.get(name)
        return f"unknown setting: {name!r}{did_you_mean(name, self._rows)}" if row is None else row.problem(value)

    def span_problem(self, name: str) -> str | None:
        """Return why a delay cannot take the setting's value, or None when it can."""
        row = self._rows.get(name)
        if row is None:
            return f"unknown setting: {name!r}{did_you_mean(name, self._rows)}"
        return None if row.kind == "duration" else f"{name!r} is no duration"

    def _check(self, changes: Mapping[str, Any]) -> None:
        errors: dict[str, list[str]] = {}
        for name, value in changes.items():
            text = self.problem(name, value)
            if text is not None:
                errors[name] = [text]
                if len(errors) == MOST_TOLD:
                    break
        if errors:
            raise Invalid(errors)

    def _merge(self) -> None:
        self.values = {name: row.default for name, row in self._rows.items()} | self._scenario | self._patched
