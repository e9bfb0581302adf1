"""What a CA may sign for, as OpenSSL sees it."""

import shutil
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from mockserver.certificates.authority import Authority, Leaf, UnusableCa, make_authority, read_authority, sign_leaf
from mockserver.certificates.context import server_context
from mockserver.clockwork.clock import machine_now
from tests.certificates.support import NAMES, shake_hands, trusting

ALLOWED = (*NAMES.all, "deep.api.acme.example", "shop.localhost")
FORBIDDEN = ("example.com", "acme.example", "evilapi.acme.example", "127.0.0.2", "10.0.0.1", "::2")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority(NAMES.all, machine_now())


def leaf_of(authority: Authority, *names: str) -> Leaf:
    return sign_leaf(authority, names, machine_now())


@pytest.mark.parametrize("name", ALLOWED)
def test_openssl_accepts_a_leaf_for_a_name_that_is_permitted(authority: Authority, name: str) -> None:
    shake_hands(trusting(authority.pem), server_context(leaf_of(authority, name)), name)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_openssl_refuses_a_leaf_that_the_ca_signed_for_another_name(authority: Authority, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(trusting(authority.pem), server_context(leaf_of(authority, "localhost", name)), name)


def test_a_leaf_that_another_ca_of_ours_signed_is_refused(authority: Authority) -> None:
    other = make_authority(NAMES.all, machine_now())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(trusting(other.pem), server_context(leaf_of(authority, "localhost")), "localhost")


@pytest.mark.parametrize(("name", "accepted"), [("api.acme.example", True), ("example.com", False)])
def test_the_openssl_command_says_the_same(authority: Authority, tmp_path: Path, name: str, accepted: bool) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "leaf.pem").write_bytes(leaf_of(authority, name).pem)
    command = [openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name]
    done = subprocess.run(
        [*command, "-CAfile", "ca.pem", "leaf.pem"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is accepted
    assert accepted or "permitted subtree violation" in done.stderr


def test_the_ca_signs_certificates_of_servers_and_of_nothing_else(authority: Authority) -> None:
    extensions = authority.certificate.extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    limits = extensions.get_extension_for_class(x509.NameConstraints)
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert (usage.critical, usage.value.key_cert_sign, usage.value.digital_signature) == (True, True, False)
    assert limits.critical
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    key = authority.certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert isinstance(key.curve, SECP256R1)


def test_a_ca_lives_a_year_and_a_leaf_thirty_days(authority: Authority) -> None:
    now = machine_now().replace(microsecond=0)
    assert make_authority(["localhost"], now).ends == now + timedelta(days=365)
    assert sign_leaf(authority, ["localhost"], now).ends == now + timedelta(days=30)


def test_a_ca_is_read_as_it_was_written(authority: Authority) -> None:
    again = read_authority(authority.secret_pem)
    assert (again.pem, set(again.permitted)) == (authority.pem, set(authority.permitted))
    assert again.key.private_numbers() == authority.key.private_numbers()


def test_nothing_shows_the_key(authority: Authority) -> None:
    assert "key=" not in repr(authority)
    assert "key=" not in repr(leaf_of(authority, "localhost"))


@pytest.mark.parametrize("cut", [0, 1, 40, 200, 500, -60])
def test_half_a_file_is_no_ca(authority: Authority, cut: int) -> None:
    with pytest.raises(UnusableCa, match="does not hold a key and a certificate"):
        read_authority(authority.secret_pem[:cut])


def test_a_key_with_the_certificate_of_another_is_no_ca(authority: Authority) -> None:
    other = make_authority(NAMES.all, machine_now())
    with pytest.raises(UnusableCa, match="its key belongs to another certificate"):
        read_authority(other.secret_pem.replace(other.pem, authority.pem))
