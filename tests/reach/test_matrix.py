"""Unmodified clients, whose URLs begin with `https://daisysim.com`, run by `mockserver run`.

Each row is a program in `clients/` that reads a balance, buys and prints both. No name resolves here to anything: what
works goes through the server.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.server import LiveServer
from tests.docs.pages import read
from tests.support import frozen_settings

pytestmark = [pytest.mark.slow, pytest.mark.programs]

CLIENTS = Path(__file__).parent / "clients"
#: Where `npm install` has put what `clients/package.json` names.
NODE_MODULES = Path(os.environ.get("MOCKSERVER_TEST_NODE_MODULES") or "/nonexistent")
GUZZLE = "exit(stream_resolve_include_path('GuzzleHttp/autoload.php') ? 0 : 1);"
CURL_IN_PHP = "exit(extension_loaded('curl') ? 0 : 1);"

Command = Callable[[Path], list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A client: its name in docs/reach.md, its program, and how this is run in a directory for it."""

    name: str
    file: str
    command: Command
    #: Java sends no proxy user, so that the sandbox is the unnamed world of a server of its own.
    names_its_sandbox: bool = True


def in_python(library: str) -> Command:
    def command(directory: Path) -> list[str]:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
        return [sys.executable]

    return command


def in_node(node: str, library: str | None = None) -> Command:
    def command(directory: Path) -> list[str]:
        if library and not (NODE_MODULES / library).is_dir():
            pytest.skip(f"{library} is not in a directory that MOCKSERVER_TEST_NODE_MODULES names")
        if NODE_MODULES.is_dir():
            (directory / "node_modules").symlink_to(NODE_MODULES)
        program = shutil.which("node") if node == "node" else shutil.which(NODE_MODULES / node / "bin" / "node")
        if program is None:
            pytest.skip(f"{node} is not installed")
        return [program]

    return command


def in_php(needs: str | None = None) -> Command:
    def command(directory: Path) -> list[str]:
        program = installed("php")
        if needs and subprocess.run([program, "-r", needs], check=False).returncode:
            pytest.skip(f"PHP lacks what this client uses: {needs}")
        return [program]

    return command


def in_(program: str) -> Command:
    return lambda directory: [installed(program)]


def in_go(directory: Path) -> list[str]:
    variables = {**os.environ, "GOTOOLCHAIN": "local", "GOPROXY": "off"}
    build = [installed("go"), "build", "-o", str(directory / "client"), str(directory / "client.go")]
    subprocess.run(build, cwd=directory, env=variables, check=True)
    return [str(directory / "client")]


def installed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def node_rows() -> Iterator[Row]:
    clients = {
        "fetch": ("fetch.mjs", None),
        "axios": ("axios.cjs", "axios"),
        "https.request": ("https_request.cjs", None),
        "got": ("got.mjs", "got"),
        "undici": ("undici.mjs", "undici"),
        "node-fetch": ("node_fetch.mjs", "node-fetch"),
    }
    for name, (file, library) in clients.items():
        for node in ("node", "node-22", "node-24"):
            yield Row(name, file, in_node(node, library))


ROWS = [
    Row("requests", "requests_client.py", in_python("requests")),
    Row("httpx", "httpx_client.py", in_python("httpx")),
    Row("urllib", "urllib_client.py", in_python("urllib")),
    Row("urllib3", "urllib3_client.py", in_python("urllib3")),
    Row("aiohttp", "aiohttp_client.py", in_python("aiohttp")),
    *node_rows(),
    Row("ext-curl", "curl.php", in_php(CURL_IN_PHP)),
    Row("Guzzle", "guzzle.php", in_php(GUZZLE)),
    Row("file_get_contents", "file_get_contents.php", in_php()),
    Row("curl", "curl.sh", in_("sh")),
    Row("HttpClient", "Client.java", in_("java"), names_its_sandbox=False),
    Row("HttpsURLConnection", "HttpsUrlConnection.java", in_("java"), names_its_sandbox=False),
    Row("net/http", "client.go", in_go),
]


def id_of(row: Row) -> str:
    number = [one.file for one in ROWS[: ROWS.index(row)]].count(row.file)
    return row.file + ("", "-node-22", "-node-24")[number]


@pytest.fixture(scope="module")
def ca_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("it's the CA")


@pytest.fixture(scope="module")
def server(ca_directory: Path) -> Iterator[LiveServer]:
    with LiveServer(create_app(frozen_settings(seed=1, ca_dir=ca_directory))) as running:
        yield running


def mockserver_run(ca_directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`mockserver run` with nothing in the environment that could help a client."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG") if name in os.environ}
    environment = {
        **kept,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "MOCKSERVER_CA_DIR": str(ca_directory),
        "NO_PROXY": "*",
    }
    command = [sys.executable, "-m", "mockserver", "run", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("row", ROWS, ids=id_of)
def test_a_client_that_cannot_be_changed_buys_here(
    row: Row, server: LiveServer, ca_directory: Path, tmp_path: Path
) -> None:
    shutil.copy(CLIENTS / row.file, tmp_path)
    command = [*row.command(tmp_path), str(tmp_path / row.file)]
    where = ["--url", server.url] if row.names_its_sandbox else ["--seed", "1", "--clock", "frozen"]
    sandbox = re.sub("[^a-z0-9]", "-", id_of(row).lower())
    done = mockserver_run(ca_directory, *where, "--sandbox", sandbox, "--", *command)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["balance"]["data"]["balance"] == 100
    assert printed["bought"]["data"]["activation_id"] == "274384878"
    told = done.stderr.splitlines()
    assert [line for line in told if not line.startswith("Picked up JAVA_TOOL_OPTIONS: ")] == []
    if row.names_its_sandbox:
        assert [call["operation"] for call in requests_of(server, sandbox)] == ["purchase", "balance"]


def requests_of(server: LiveServer, sandbox: str) -> list[dict[str, str]]:
    import httpx

    rows: list[dict[str, str]] = httpx.get(f"{server.url}/~{sandbox}/_mock/requests", trust_env=False).json()[
        "requests"
    ]
    return rows


def test_the_page_has_a_line_for_each_client_and_for_no_other() -> None:
    section = read("docs/reach.md").partition("## Your client, your line")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    assert {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)} == {row.name for row in ROWS}
