"""What Node loads first: it leads connections for emulated hosts to the server, and leaves all others alone."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from mockserver.app import create_app
from mockserver.reach.files import client_files, keep_certificate
from mockserver.reach.variables import PRELOAD, variables
from mockserver.server import LiveServer
from tests.support import frozen_settings

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

BALANCE = "daisysim.com/api/v1/virtual/balance"
HEADERS = "{ headers: { authorization: 'Bearer daisy-demo' } }"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(create_app(frozen_settings(ca_dir=tmp_path_factory.mktemp("it's the CA")))) as running:
        yield running


@pytest.fixture(scope="module")
def environment(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables without those that Node itself or a library would take a proxy from."""
    pem = httpx.get(f"{server.url}/_mock/ca.pem", trust_env=False).content
    files = client_files(keep_certificate(pem, tmp_path_factory.mktemp("files")))
    found = variables(server.url, "shop", files, {}, hosts=["daisysim.com", "api.doctorsim.com"])
    kept = {name: value for name, value in found.items() if name.startswith(("MOCKSERVER_", "NODE_OPTIONS"))}
    return {"PATH": os.environ["PATH"], **kept}


def node(script: str, environment: dict[str, str], **more: str) -> tuple[str, str]:
    """What a module prints on its two outputs; it must end by itself, long before the server drops a connection."""
    assert NODE is not None
    command = [NODE, "--input-type=module", "--eval", script]
    done = subprocess.run(command, env={**environment, **more}, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip(), done.stderr.strip()


def paths_of(server: LiveServer, sandbox: str) -> list[str]:
    rows = httpx.get(f"{server.url}/~{sandbox}/_mock/requests", trust_env=False).json()["requests"]
    return [row["path"] for row in rows]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_sandbox_is_kept_without_any_proxy_in_the_environment(
    scheme: str, server: LiveServer, environment: dict[str, str]
) -> None:
    sandbox = f"kept-{scheme}"
    script = f"""
import {{ get }} from 'node:{scheme}';
const first = await fetch('{scheme}://{BALANCE}', {HEADERS});
console.log(first.status);
get('{scheme}://{BALANCE}', {HEADERS}, (answer) => {{ console.log(answer.statusCode); answer.resume(); }});
"""
    assert node(script, environment, MOCKSERVER_SANDBOX=sandbox) == ("200\n200", "")
    assert paths_of(server, sandbox) == ["/balance", "/balance"]


def test_connections_that_are_kept_alive_serve_again_and_keep_no_process_alive(environment: dict[str, str]) -> None:
    script = f"""
import https from 'node:https';
const agent = new https.Agent({{ keepAlive: true, maxSockets: 1 }});
const ports = new Set();
for (let times = 0; times < 3; times += 1) {{
  await new Promise((resolve) => https.get('https://{BALANCE}', {{ agent, ...{HEADERS} }}, (answer) => {{
    ports.add(answer.socket);
    answer.resume().on('end', () => setImmediate(resolve));
  }}));
}}
console.log(ports.size);
"""
    assert node(script, environment) == ("1", "")


def test_every_form_of_connect_is_led_here(environment: dict[str, str]) -> None:
    script = """
import tls, { connect } from 'node:tls';
import net, { createConnection } from 'node:net';
const told = (socket, event) => new Promise((resolve) => socket.once(event, () => {
  resolve(socket.servername || socket.constructor.name);
  socket.destroy();
}));
console.log(await told(connect(443, 'daisysim.com', { ALPNProtocols: ['http/1.1'] }), 'secureConnect'));
console.log(await told(tls.connect('443', 'DaisySIM.com.', { servername: 'daisysim.com' }), 'secureConnect'));
console.log(await told(tls.connect({ host: 'api.doctorsim.com', port: 443 }), 'secureConnect'));
console.log(await new Promise((resolve) => { const one = net.connect(80, 'daisysim.com', () => {
  resolve(one.constructor.name);
  one.destroy();
}); }));
console.log(await told(createConnection({ host: 'daisysim.com', port: 80 }), 'connect'));
"""
    assert node(script, environment) == ("daisysim.com\ndaisysim.com\napi.doctorsim.com\nSocket\nSocket", "")


def test_much_goes_through_in_both_directions(environment: dict[str, str]) -> None:
    script = f"""
const body = JSON.stringify({{ country: 6, service: 'x'.repeat(300000), price: 1 }});
const post = {{ method: 'POST', body, headers: {{ authorization: 'Bearer daisy-demo' }} }};
const answer = await fetch('https://daisysim.com/api/v1/virtual/purchase', post);
await answer.text();
const contract = await fetch('https://{BALANCE.removesuffix("balance")}countries', {HEADERS});
console.log(answer.status < 500, (await contract.text()).length > 5000);
"""
    assert node(script, environment) == ("true true", "")


def test_other_hosts_are_reached_as_before(server: LiveServer, environment: dict[str, str], tmp_path: Path) -> None:
    script = f"""
import http from 'node:http';
import net from 'node:net';
const listener = http.createServer((_, answer) => answer.end('here')).listen(0, '127.0.0.1', async () => {{
  const {{ port }} = listener.address();
  console.log(await (await fetch(`http://localhost:${{port}}/`)).text());
  http.get({{ port, host: '127.0.0.1' }}, (answer) => {{
    console.log(answer.statusCode, answer.socket.constructor.name);
    answer.resume();
    listener.close();
    listener.closeAllConnections();
  }});
}});
const local = net.createServer((socket) => socket.end()).listen('{tmp_path}/pipe', () => {{
  net.connect('{tmp_path}/pipe', () => local.close());
}});
console.log((await fetch('{server.url.replace("http:", "https:")}/_mock/health')).status);
"""
    output, errors = node(script, environment, NODE_EXTRA_CA_CERTS=environment["MOCKSERVER_CA"])
    assert (sorted(output.splitlines()), errors) == (["200", "200 Socket", "here"], "")


def test_a_thread_of_the_process_is_led_here_too(environment: dict[str, str]) -> None:
    script = f"""
import {{ Worker }} from 'node:worker_threads';
const code = `fetch('https://{BALANCE}', {HEADERS}).then((answer) => console.log(answer.status))`;
new Worker(code, {{ eval: true }});
"""
    assert node(script, environment) == ("200", "")


def test_the_certificate_is_checked(environment: dict[str, str], tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    script = f"await fetch('https://{BALANCE}').catch((error) => console.log(error.cause.code));"
    output, _ = node(script, environment, MOCKSERVER_CA=str(tmp_path / "another.pem"))
    assert output == "UNABLE_TO_VERIFY_LEAF_SIGNATURE"


def test_a_refused_tunnel_says_why(environment: dict[str, str]) -> None:
    script = f"await fetch('https://{BALANCE}').catch((error) => console.log(error.cause.message));"
    output, _ = node(script, environment, MOCKSERVER_SANDBOX="No Name")
    assert output.startswith("mockserver refused a tunnel: 407 ")
    assert "the proxy user names a sandbox" in output


def test_a_server_that_is_gone_is_an_error_as_usual(environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    script = f"await fetch('https://{BALANCE}').catch((error) => console.log(error.cause.code));"
    assert node(script, environment, MOCKSERVER_URL=url) == ("ECONNREFUSED", "")


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_what_is_given_up_before_the_tunnel_stands_keeps_no_process_alive(
    scheme: str, environment: dict[str, str]
) -> None:
    script = f"""
import {{ get }} from 'node:{scheme}';
const asked = get('{scheme}://{BALANCE}', () => console.log('answered'));
asked.on('error', (error) => console.log(error.code));
asked.on('socket', (socket) => setTimeout(() => asked.destroy(), 1));
"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert node(script, environment, MOCKSERVER_URL=url) == ("ECONNRESET", "")


def test_without_its_variables_it_does_nothing(environment: dict[str, str]) -> None:
    bare = {"PATH": environment["PATH"]}
    script = "import tls from 'node:tls'; console.log(tls.connect.length);"
    assert node(script, {**bare, "NODE_OPTIONS": environment["NODE_OPTIONS"]}) == node(script, bare)


def test_loaded_twice_it_works_once(environment: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "with a space" / "copy.cjs"
    copy.parent.mkdir()
    shutil.copy(PRELOAD, copy)
    script = f"console.log((await fetch('https://{BALANCE}', {HEADERS})).status);"
    twice = f'{environment["NODE_OPTIONS"]} --require "{copy}"'
    assert node(script, environment, NODE_OPTIONS=twice) == ("200", "")
