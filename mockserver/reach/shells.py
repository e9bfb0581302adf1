"""Writes variables as the lines with which a shell, or a file of variables, sets them."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

#: The variable that runners of GitHub refuse in the file that `GITHUB_ENV` names.
REFUSED_BY_GITHUB = "NODE_OPTIONS"
#: The line with which a shell removes a variable; files of variables have none.
REMOVING: Mapping[str, str] = MappingProxyType(
    {"sh": "unset {}", "fish": "set -ge {}", "powershell": "Remove-Item Env:{} -ErrorAction Ignore"}
)
#: Characters that need no quotes for any reader of dotenv files.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@,=+|*%~\[\]-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unquotable(ValueError):
    """A value cannot be written for this shell; the message names the variable."""


def lines(shell: str, variables: Mapping[str, str | None]) -> str:
    r"""Return the lines that set the variables in this shell, one of `SHELLS`; raises Unquotable.

    None stands for a variable to remove, which files of variables leave out.

    >>> print(lines("fish", {"NAME": "it's", "OTHER": None}), end="")
    set -gx NAME 'it\'s'
    set -ge OTHER
    """
    values = {name: value for name, value in variables.items() if value is not None}
    if shell == "json":
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    line = _LINES[shell]
    for name, value in values.items():
        if _CONTROL.search(value):
            raise Unquotable(f"{name} holds a line break or another control character, which --shell json can write")
    written = [line(name, value) for name, value in values.items() if (shell, name) != ("github", REFUSED_BY_GITHUB)]
    if shell in REMOVING:
        written += [REMOVING[shell].format(name) for name, value in variables.items() if value is None]
    return "".join(f"{text}\n" for text in written)


def _sh(name: str, value: str) -> str:
    return "export {}='{}'".format(name, value.replace("'", "'\\''"))


def _fish(name: str, value: str) -> str:
    return "set -gx {} '{}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'"))


def _powershell(name: str, value: str) -> str:
    # For PowerShell typographic quotes are quotes, too.
    return "$env:{} = '{}'".format(name, re.sub("(['\u2018-\u201b])", r"\1\1", value))


def _dotenv(name: str, value: str) -> str:
    """Return the line with quotes only where they are needed: `docker --env-file` makes them part of the value."""
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    if "'" not in value:
        return f"{name}='{value}'"
    if not re.search(r'["\\$`]', value):
        return f'{name}="{value}"'
    raise Unquotable(f"{name} cannot be written so that all readers of dotenv files understand it: {value}")


def _github(name: str, value: str) -> str:
    return f"{name}={value}"


_LINES: Mapping[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
    "github": _github,
}
#: The shells and files that `lines` can write for.
SHELLS = (*_LINES, "json")
