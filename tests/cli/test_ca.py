"""`mockserver ca`."""

import re
import shlex
import ssl
from pathlib import Path

import pytest

from mockserver.certificates.authority import read_authority
from mockserver.cli import main
from tests.server.processes import python


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the CA lies, with a space and an apostrophe in its path."""
    path = tmp_path / "it's here"
    monkeypatch.setenv("MOCKSERVER_CA_DIR", str(path))
    monkeypatch.delenv("MOCKSERVER_TLS_NAME", raising=False)
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["ca", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_it_prints_the_path_of_the_certificate_and_makes_the_ca(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys) == f"{directory}/ca.pem\n"
    assert ssl.PEM_cert_to_DER_cert((directory / "ca.pem").read_text())


def test_the_certificate_is_printed_as_it_lies_there(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--pem") == (directory / "ca.pem").read_text()


def test_the_bundle_has_the_roots_of_the_system_and_the_ca(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["ca", "--ca-dir", str(tmp_path / "root")]) == 0
    root = Path(capsys.readouterr().out.strip())
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    bundle = Path(printed(capsys, "--bundle").strip())
    assert bundle == directory / "ca-bundle.pem"
    trusted = ssl.create_default_context(cafile=bundle).get_ca_certs(binary_form=True)
    assert set(trusted) == {ssl.PEM_cert_to_DER_cert(one.read_text()) for one in (root, directory / "ca.pem")}
    assert "PRIVATE" not in bundle.read_text()


def test_a_bundle_of_bundles_does_not_grow(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = Path(printed(capsys, "--bundle").strip())
    first = bundle.read_text()
    assert first.count("BEGIN CERTIFICATE") > 1
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    printed(capsys, "--bundle")
    assert bundle.read_text() == first


def test_each_hint_quotes_the_path_as_its_shell_has_it(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "--install-hint")
    heads = re.findall(r"^(\w[^\n]*):$", text, re.MULTILINE)
    assert len(heads) == len(set(heads)) == 9
    for word in ("Debian", "Fedora", "Alpine", "macOS", "Windows PowerShell", "Firefox", "Java", "Node"):
        assert any(word in head for head in heads), word
    certificate = str(directory / "ca.pem")
    named = [line for line in text.splitlines() if "ca.pem" in line]
    assert len(named) == 8
    for line in named:
        if "Import-Certificate" in line:
            assert f"-FilePath '{certificate.replace(chr(39), chr(39) * 2)}' " in line
        else:
            assert any(word.endswith(certificate) for word in shlex.split(line)), line
    assert "daisysim.com" in text


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_server_with_a_name_of_its_own_has_a_ca_of_its_own(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by_variable: bool
) -> None:
    if by_variable:
        monkeypatch.setenv("MOCKSERVER_TLS_NAME", "mock,10.1.2.3")
    path = Path(printed(capsys, *([] if by_variable else ["--tls-name", "10.1.2.3", "--tls-name", "Mock"])).strip())
    assert re.fullmatch(r"ca-[0-9a-f]{12}\.pem", path.name)
    assert {"mock", "10.1.2.3"} < set(read_authority(path.with_suffix(".key").read_bytes()).permitted)
    assert printed(capsys, "--tls-name", "shop.daisysim.com") == printed(capsys, "--tls-name", "shop.daisysim.com")
    assert not by_variable or printed(capsys) == f"{path}\n"


def test_a_directory_that_cannot_be_used_fails_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["ca", "--ca-dir", str(tmp_path / "file")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"mockserver: the CA directory {tmp_path}/file cannot be used")
    assert captured.err.count("\n") == 1


def test_a_bundle_that_cannot_be_written_fails_with_one_line(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "ca-bundle.pem").mkdir(parents=True)
    assert main(["ca", "--bundle"]) == 1
    assert capsys.readouterr().err == "mockserver: the bundle cannot be written: not a regular file\n"


def test_a_bad_name_is_a_mistake_of_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ca", "--tls-name", "https://mock"]) == 2
    assert "--tls-name: must be a host name" in capsys.readouterr().err


def test_the_default_directory_is_the_users_own(tmp_path: Path) -> None:
    with python("-m", "mockserver", "ca", XDG_STATE_HOME=str(tmp_path), HOME=str(tmp_path)) as process:
        out, err = process.communicate()
    assert err == ""
    assert tmp_path in Path(out.strip()).parents
    assert Path(out.strip()).is_file()
