"""Variables as each shell reads them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.reach.shells import SHELLS, Unquotable, lines

#: Letters that shells read something into, some that they do not, and what Windows has in its paths.
VALUES = st.text(st.sampled_from(list(" '\"$`\\!#&;|<>(){}[]*?~=%@-_aZ0éß\u2018\u2019\u201c")), max_size=12)
VARIABLES = st.lists(VALUES, min_size=1, max_size=20).map(
    lambda values: {f"VALUE_{number}": value for number, value in enumerate(values)}
)
#: Prints each variable whose name begins with VALUE_, between lines that no value holds.
SHOW = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('VALUE_')}))"
RUNS = {
    "sh": ["sh", "-c"],
    "fish": ["fish", "--no-config", "-c"],
    "powershell": ["pwsh", "-NoProfile", "-NonInteractive", "-Command"],
}


def available(*shells: str) -> list[object]:
    """The shells as parameters; those that are not installed are skipped by name."""
    return [
        pytest.param(
            shell,
            marks=pytest.mark.skipif(shutil.which(RUNS[shell][0]) is None, reason=f"{RUNS[shell][0]} is not installed"),
        )
        for shell in shells
    ]


@pytest.mark.parametrize("shell", available(*RUNS))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=VARIABLES)
def test_the_shell_itself_reads_what_was_meant(shell: str, tmp_path: Path, wanted: dict[str, str]) -> None:
    script = tmp_path / "show.py"
    script.write_text(SHOW)
    command = f"{lines(shell, wanted)}python3 '{script}'\n"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([*RUNS[shell], command], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == wanted


def test_a_posix_shell_evaluates_them_all_at_once(tmp_path: Path) -> None:
    wanted = {"ONE": "it's $HOME", "TWO": 'a "b" `c`'}
    (tmp_path / "env.sh").write_text(lines("sh", wanted))
    script = 'eval "$(cat env.sh)"; printf "%s|%s" "$ONE" "$TWO"'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == 'it\'s $HOME|a "b" `c`'


@given(VARIABLES)
def test_powershell_takes_pairs_of_quotes_for_one(wanted: dict[str, str]) -> None:
    for line, (name, value) in zip(lines("powershell", wanted).splitlines(), wanted.items(), strict=True):
        quoted = re.fullmatch(rf"\$env:{name} = '((?:[^'\u2018-\u201b]|(['\u2018-\u201b])\2)*)'", line)
        assert quoted is not None
        assert re.sub(r"(['\u2018-\u201b])\1", r"\1", quoted[1]) == value


@given(VALUES)
def test_a_dotenv_file_says_it_without_doubt_or_not_at_all(value: str) -> None:
    if "'" in value and re.search(r'["\\$`]', value):
        with pytest.raises(Unquotable, match=r"^NAME cannot be written"):
            lines("dotenv", {"NAME": value})
        return
    line = lines("dotenv", {"NAME": value}).removesuffix("\n").removeprefix("NAME=")
    bare = line[1:-1] if line[:1] in ("'", '"') else line
    assert bare == value
    # Between these quotes nothing is read into it, by whatever reader.
    assert not re.search(r"['\s#$\"\\`]", line) or line[0] not in bare
    assert line[:1] != '"' or not re.search(r"[\\$`]", bare)


def test_a_dotenv_file_has_no_quotes_without_need() -> None:
    assert lines("dotenv", {"A": "http://shop:x@127.0.0.1:1", "B": "a b"}) == "A=http://shop:x@127.0.0.1:1\nB='a b'\n"


def test_github_gets_all_but_what_its_runners_refuse() -> None:
    assert lines("github", {"A": "it's $1", "NODE_OPTIONS": "--require x"}) == "A=it's $1\n"


def test_json_holds_everything() -> None:
    wanted = {"A": 'a\n"b"', "NODE_OPTIONS": "é"}
    assert json.loads(lines("json", wanted)) == wanted


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "json"])
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "\x1b[0m"])
def test_line_breaks_and_control_characters_are_refused(shell: str, value: str) -> None:
    with pytest.raises(Unquotable, match=r"^NAME holds"):
        lines(shell, {"NAME": value})


@pytest.mark.parametrize("shell", available(*RUNS))
def test_the_shell_itself_removes_a_variable(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "show.py"
    script.write_text(SHOW)
    command = f"{lines(shell, {'VALUE_A': None, 'VALUE_B': 'b', 'VALUE_NONE': None})}python3 '{script}'\n"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "VALUE_A": "a"}
    done = subprocess.run([*RUNS[shell], command], env=environment, capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout), done.stderr) == ({"VALUE_B": "b"}, "")


@pytest.mark.parametrize("shell", ["dotenv", "github", "json"])
def test_a_file_of_variables_leaves_out_what_is_to_be_removed(shell: str) -> None:
    assert lines(shell, {"A": "a", "B": None}) == lines(shell, {"A": "a"})
