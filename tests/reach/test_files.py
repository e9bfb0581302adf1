"""The files that variables point to."""

import os
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from mockserver.certificates.directory import CaDirectory, Names
from mockserver.reach.files import client_files, keep_certificate
from mockserver.reach.variables import TRUST_STORE_PASSWORD

NOW = datetime(2026, 1, 31, tzinfo=UTC)
NAMES = Names(("daisysim.com", "localhost"))


@pytest.fixture(autouse=True)
def few_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One root that the system trusts, in place of some hundred."""
    root = tmp_path / "root.pem"
    trustme.CA().cert_pem.write_to_path(root)
    monkeypatch.setenv("SSL_CERT_FILE", str(root))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


def certificate(tmp_path: Path, now: datetime = NOW) -> Path:
    """The local CA, in a directory with a space and an apostrophe in its path."""
    place: Path = CaDirectory(tmp_path / "it's here", now=lambda: now).obtain(NAMES)[1].certificate
    return place


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_they_lie_beside_the_certificate_and_hold_no_key(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    names = [path.name for path in (files.certificate, files.bundle, files.php, files.trust_store) if path is not None]
    assert names == ["ca.pem", "ca-bundle.pem", "ca-php", "ca-truststore.p12"]
    for path in (files.bundle, files.php / "mockserver.ini", files.trust_store):
        assert path is not None
        assert path.parent in (files.certificate.parent, files.php)
        assert path.stat().st_mode & 0o777 == 0o644
        assert b"PRIVATE" not in path.read_bytes()


def test_made_again_they_are_not_touched(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    before = contents(tmp_path)
    assert client_files(files.certificate) == files
    assert contents(tmp_path) == before


def test_a_renewed_ca_is_in_all_of_them(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    before = contents(files.certificate.parent)
    client_files(certificate(tmp_path, NOW + timedelta(days=350)))
    after = contents(files.certificate.parent)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"ca.key", "ca.pem", "ca-bundle.pem", "ca-truststore.p12"}


def test_a_trust_store_that_is_older_than_the_bundle_is_made_anew(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    assert files.trust_store is not None
    files.trust_store.write_bytes(b"old")
    os.utime(files.trust_store, ns=(0, 0))
    client_files(files.certificate)
    assert files.trust_store.read_bytes() != b"old"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("keytool") is None, reason="keytool is not installed")
def test_java_reads_the_ca_and_the_roots_from_the_trust_store(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    command = ["keytool", "-list", "-keystore", str(files.trust_store), "-storepass", TRUST_STORE_PASSWORD]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed.count("trustedCertEntry") == 2


@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed")
def test_php_reads_the_bundle_from_the_directory(tmp_path: Path) -> None:
    files = client_files(certificate(tmp_path))
    script = "echo json_encode([ini_get('openssl.cafile'), php_ini_scanned_files()]);"
    environment = {**os.environ, "PHP_INI_SCAN_DIR": f"{os.pathsep}{files.php}"}
    done = subprocess.run(["php", "-r", script], env=environment, capture_output=True, text=True, check=True)
    assert str(files.bundle) in done.stdout.replace("\\/", "/")


def test_the_certificate_of_the_local_ca_is_kept_where_it_is(tmp_path: Path) -> None:
    own = certificate(tmp_path)
    assert keep_certificate(own.read_bytes(), own.parent) == own


def test_the_paths_hold_in_every_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = certificate(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert keep_certificate(own.read_bytes(), Path(own.parent.name)) == own
    assert keep_certificate(b"another", Path("new")).parent == tmp_path / "new" / "servers"


def test_that_of_another_server_is_kept_beside_it(tmp_path: Path) -> None:
    own, other = certificate(tmp_path), trustme.CA().cert_pem.bytes()
    path = keep_certificate(other, own.parent)
    assert path.parent == own.parent / "servers"
    assert path.read_bytes() == other
    assert keep_certificate(other, own.parent) == path
    trusted = ssl.create_default_context(cafile=client_files(path).bundle).get_ca_certs(binary_form=True)
    assert ssl.PEM_cert_to_DER_cert(other.decode()) in trusted


def test_of_other_servers_only_the_last_are_kept(tmp_path: Path) -> None:
    first = keep_certificate(b"first", tmp_path)
    for name in ("-bundle.pem", "-truststore.p12"):
        first.with_name(f"{first.stem}{name}").touch()
    php = first.with_name(f"{first.stem}-php")
    php.mkdir()
    (php / "mockserver.ini").touch()
    used = keep_certificate(b"used", tmp_path)
    for path, moment in ((first, 1), (used, 2)):
        os.utime(path, ns=(moment, moment))
    assert keep_certificate(b"used", tmp_path) == used
    for number in range(19):
        keep_certificate(b"%d" % number, tmp_path)
    assert used.is_file()
    assert not list(first.parent.glob(f"{first.stem}*"))
