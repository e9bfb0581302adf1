"""The variables that lead clients to a server, and what becomes of those that were there before."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.reach.variables import PRELOAD, ClientFiles, variables, withdrawn
from tests.docs.pages import read

HOSTS = frozenset({"daisysim.com", "api.doctorsim.com"})
FILES = ClientFiles(Path("/ca/ca.pem"), Path("/ca/ca-bundle.pem"), Path("/ca/ca-php"), Path("/ca/ca-truststore.p12"))
URL = "http://127.0.0.1:7460"


def found(
    url: str = URL,
    sandbox: str | None = None,
    files: ClientFiles = FILES,
    *,
    proxy_http: bool = False,
    before: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    return variables(url, sandbox, files, before, hosts=HOSTS, proxy_http=proxy_http)


def test_every_kind_of_client_is_told_the_way_and_the_ca() -> None:
    assert found(sandbox="shop") == {
        "MOCKSERVER_URL": "http://127.0.0.1:7460",
        "MOCKSERVER_SANDBOX": "shop",
        "MOCKSERVER_CA": "/ca/ca.pem",
        "MOCKSERVER_EMULATED_HOSTS": "api.doctorsim.com,daisysim.com",
        "HTTPS_PROXY": "http://shop:x@127.0.0.1:7460",
        "https_proxy": "http://shop:x@127.0.0.1:7460",
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
        "SSL_CERT_FILE": "/ca/ca-bundle.pem",
        "REQUESTS_CA_BUNDLE": "/ca/ca-bundle.pem",
        "CURL_CA_BUNDLE": "/ca/ca-bundle.pem",
        "NODE_EXTRA_CA_CERTS": "/ca/ca.pem",
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": f'--require "{PRELOAD}"',
        "PHP_INI_SCAN_DIR": f"{os.pathsep}/ca/ca-php",
        "JAVA_TOOL_OPTIONS": "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7460 "
        "-Dhttp.nonProxyHosts=localhost|127.*|[::1] -Djavax.net.ssl.trustStore=/ca/ca-truststore.p12 "
        "-Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=changeit",
    }


def test_plain_http_goes_through_the_server_only_where_that_is_asked_for() -> None:
    plain = found(proxy_http=True).items() - found().items()
    assert dict(plain) == {"HTTP_PROXY": URL, "http_proxy": URL}


def test_without_a_sandbox_there_is_no_proxy_user() -> None:
    assert found()["HTTPS_PROXY"] == URL
    assert "MOCKSERVER_SANDBOX" not in found()


@pytest.mark.parametrize(
    ("url", "root", "proxy"),
    [
        ("http://[::1]:80", "http://[::1]:80", "http://[::1]:80"),
        ("http://mock", "http://mock:80", "http://mock:80"),
        ("https://mock", "https://mock:443", "http://mock:443"),
    ],
)
def test_the_proxy_speaks_plain_http_wherever_the_server_is(url: str, root: str, proxy: str) -> None:
    assert (found(url)["MOCKSERVER_URL"], found(url)["HTTPS_PROXY"]) == (root, proxy)


def test_hosts_that_were_reached_directly_still_are() -> None:
    both = found(before={"NO_PROXY": "intranet.example, 10.0.0.0/8", "no_proxy": "db:5432 intranet.example"})
    assert both["NO_PROXY"] == both["no_proxy"] == "intranet.example,10.0.0.0/8,db:5432,localhost,127.0.0.1,::1"
    java = re.search(r"nonProxyHosts=(\S+)", both["JAVA_TOOL_OPTIONS"])
    assert java is not None
    assert java[1] == "localhost|127.*|[::1]|intranet.example|*.intranet.example|db|*.db"


@pytest.mark.parametrize(
    "entry",
    ["*", "daisysim.com", "DaisySIM.com:443", ".doctorsim.com", "doctorsim.com", "*.doctorsim.com", "sim.com", ".com."],
)
def test_nothing_hides_an_emulated_host(entry: str) -> None:
    assert found(before={"NO_PROXY": f"intranet,{entry}"})["NO_PROXY"] == "intranet,localhost,127.0.0.1,::1"


@pytest.mark.parametrize("entry", ["www.daisysim.com", "daisysim.com.example", "example.com"])
def test_names_that_only_look_like_an_emulated_host_stay(entry: str) -> None:
    assert found(before={"NO_PROXY": entry})["NO_PROXY"].startswith(f"{entry},")


@given(
    st.lists(st.sampled_from(["*", ".", "com", ".com", "sim.com", "*.com", "doctorsim.com", "x", "10.0.0.1", ":443"]))
)
def test_no_list_lets_python_pass_the_proxy_by(entries: list[str]) -> None:
    proxies = {"no": found(before={"NO_PROXY": ",".join(entries)})["NO_PROXY"]}
    assert not any(proxy_bypass_environment(host, proxies) for host in HOSTS)
    assert proxy_bypass_environment("localhost", proxies)


def test_what_was_there_for_node_php_and_java_stays() -> None:
    before = {
        "NODE_OPTIONS": "--max-old-space-size=512\n",
        "PHP_INI_SCAN_DIR": "/etc/mine",
        "JAVA_TOOL_OPTIONS": '-Xmx1g "-Dname=a b" -Dhttps.proxyHost=corporate',
    }
    after = found(before=before)
    assert after["NODE_OPTIONS"] == f'--max-old-space-size=512 --require "{PRELOAD}"'
    assert after["PHP_INI_SCAN_DIR"] == os.pathsep.join(("/etc/mine", "/ca/ca-php"))
    assert after["JAVA_TOOL_OPTIONS"].startswith('-Xmx1g "-Dname=a b" -Dhttps.proxyHost=127.0.0.1 ')


def test_variables_of_variables_do_not_grow() -> None:
    once = found(sandbox="shop")
    assert found(sandbox="shop", before=once) == once


def test_paths_with_spaces_are_quoted_for_java_and_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.reach.variables.PRELOAD", r'C:\my "files"\preload.cjs')
    store = found(files=ClientFiles(*(Path("/my files"),) * 4))
    assert store["NODE_OPTIONS"] == r'--require "C:\\my \"files\"\\preload.cjs"'
    assert ' "-Djavax.net.ssl.trustStore=/my files" ' in store["JAVA_TOOL_OPTIONS"]


def test_without_a_trust_store_java_keeps_its_own() -> None:
    without = found(files=ClientFiles(FILES.certificate, FILES.bundle, FILES.php, None))
    assert "trustStore" not in without["JAVA_TOOL_OPTIONS"]


def test_the_preload_is_in_the_package() -> None:
    assert PRELOAD.read_text(encoding="utf-8").startswith("'use strict';")


def test_nothing_is_read_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    expected: Mapping[str, str] = found()
    for name in expected:
        monkeypatch.setenv(name, "elsewhere")
    assert found() == expected


def test_what_others_have_set_is_not_taken_back() -> None:
    before = {
        "NODE_OPTIONS": "--trace-warnings",
        "PHP_INI_SCAN_DIR": "/etc/php.d:",
        "JAVA_TOOL_OPTIONS": "-Xmx1g '-Da=b c'",
        "NO_PROXY": "intranet.example",
    }
    now = {**found(sandbox="shop", before=before, proxy_http=True), "SSL_CERT_FILE": "/other.pem"}
    now["http_proxy"] = "http://proxy.example:3128"
    removed = withdrawn(now)
    after = {name: removed.get(name, value) for name, value in now.items()}
    direct = "intranet.example,localhost,127.0.0.1,::1"
    assert {name: value for name, value in after.items() if value is not None} == {
        **before,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "SSL_CERT_FILE": "/other.pem",
        "http_proxy": "http://proxy.example:3128",
    }


def test_nothing_is_taken_back_from_an_environment_without_them() -> None:
    assert withdrawn({"SSL_CERT_FILE": "/other.pem", "NO_PROXY": "localhost,127.0.0.1,::1"}) == {}


def test_the_page_names_each_variable_and_no_other() -> None:
    section = read("docs/reach.md").partition("## The variables")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(named) == sorted(found(sandbox="shop", proxy_http=True))
