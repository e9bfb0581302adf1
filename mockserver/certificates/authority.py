"""Make, renew and read a certificate authority, and sign with it. This module imports `cryptography`: import it late.

All moments are in UTC. Keys are EC P-256, which every client of the last ten years accepts.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mockserver.certificates.names import is_address, is_covered, without_subdomains

AUTHORITY_LIVES = timedelta(days=365)
#: A CA is renewed when it has less than this left. No leaf lives longer, so that none outlives its CA.
MONTH = timedelta(days=30)
LEAF_LIVES = MONTH
#: A leaf is renewed when it has less than this left.
LEAF_RENEWAL = timedelta(days=10)
#: Clocks of containers and virtual machines differ a little.
_CLOCK_SKEW = timedelta(hours=1)
_SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


class UnusableCa(Exception):
    """A file does not hold a CA that mockserver has made; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA with its key. `permitted` are the host names (with their subdomains) and addresses it may sign for."""

    key: EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    permitted: tuple[str, ...]

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def secret_pem(self) -> bytes:
        """The key and the certificate."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.pem

    @property
    def ends(self) -> datetime:
        """The moment until which clients accept it."""
        return self.certificate.not_valid_after_utc

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the CA is valid now and need not be renewed."""
        return self.certificate.not_valid_before_utc <= now and self.ends - now >= MONTH

    def covers(self, names: Iterable[str]) -> bool:
        """Return whether the CA may sign for all of these names."""
        return all(is_covered(name, self.permitted) for name in names)


@dataclass(frozen=True, slots=True)
class Leaf:
    """The certificate of a server, with its key; in force from `starts`, to be renewed at `renewal`."""

    key: EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def starts(self) -> datetime:
        """The moment from which clients accept it."""
        return self.certificate.not_valid_before_utc

    @property
    def renewal(self) -> datetime:
        """The moment at which it should be replaced."""
        return self.ends - LEAF_RENEWAL

    @property
    def ends(self) -> datetime:
        """The moment until which clients accept it."""
        return self.certificate.not_valid_after_utc


def make_authority(names: Iterable[str], now: datetime) -> Authority:
    """Return a new CA that may sign for these names and the subdomains of host names, and for nothing else."""
    key = generate_private_key(SECP256R1())
    # Named for its key: some clients look an issuer up by its name alone.
    fingerprint = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:12]
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mockserver"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"mockserver local CA {fingerprint}"),
        ]
    )
    return _authority(key, subject, without_subdomains(names), now)


def renew_authority(authority: Authority, now: datetime) -> Authority:
    """Return the same CA for another year: clients that trust the old certificate accept what the new one signs."""
    return _authority(authority.key, authority.certificate.subject, authority.permitted, now)


def read_authority(data: bytes) -> Authority:
    """Return the CA in a file as `Authority.secret_pem` writes it; raises UnusableCa."""
    try:
        key = load_pem_private_key(data, password=None)
        certificate = x509.load_pem_x509_certificate(data)
        permitted = _permitted(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableCa("it does not hold a key and a certificate") from error
    except x509.ExtensionNotFound:
        raise UnusableCa("its certificate is not limited to names, as those that mockserver makes are") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise UnusableCa("its key is not of the kind that mockserver makes (EC P-256)")
    if key.public_key() != certificate.public_key():
        raise UnusableCa("its key belongs to another certificate")
    return Authority(key, certificate, permitted)


def sign_leaf(authority: Authority, names: Iterable[str], now: datetime) -> Leaf:
    """Return a certificate, with a key of its own, for a server that is called by these names."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mockserver")])
    builder = _builder(key, subject, authority.certificate.subject, now, LEAF_LIVES)
    alternatives = x509.SubjectAlternativeName(list(map(_general_name, names)))
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    return Leaf(key, builder.sign(authority.key, hashes.SHA256()))


def _authority(key: EllipticCurvePrivateKey, subject: x509.Name, names: tuple[str, ...], now: datetime) -> Authority:
    builder = _builder(key, subject, subject, now, AUTHORITY_LIVES)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    limits = x509.NameConstraints(list(map(_subtree, names)), None)
    builder = builder.add_extension(limits, critical=True)
    return Authority(key, builder.sign(key, hashes.SHA256()), names)


def _builder(
    key: EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, now: datetime, lives: timedelta
) -> x509.CertificateBuilder:
    """Return a builder with what certificates of CAs and of servers have in common."""
    now = now.replace(microsecond=0)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _CLOCK_SKEW).not_valid_after(now + lives)
    builder = builder.add_extension(_SERVER, critical=False)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def _subtree(name: str) -> x509.GeneralName:
    """Return a permitted host name with its subdomains, or a permitted address alone (/32, /128)."""
    return x509.IPAddress(ipaddress.ip_network(name)) if is_address(name) else x509.DNSName(name)


def _permitted(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names that a certificate may sign for; raises x509.ExtensionNotFound and UnusableCa."""
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    subtrees = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    if not basic.ca:
        raise UnusableCa("its certificate is not that of a CA")
    values = [str(subtree.value) for subtree in subtrees or ()]
    return tuple(value.removesuffix("/32").removesuffix("/128") for value in values)
