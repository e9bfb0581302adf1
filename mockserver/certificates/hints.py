"""The commands with which a system or a program is made to trust the local CA."""

import shlex
from pathlib import Path

_HINTS = """\
The CA may sign for these names and addresses only, and for subdomains of the names:
  {names}
Most clients need no installation: `curl --cacert FILE`, SSL_CERT_FILE, REQUESTS_CA_BUNDLE (see --bundle).

Debian, Ubuntu:
  sudo install -m 644 {file} /usr/local/share/ca-certificates/{name}.crt
  sudo update-ca-certificates

Fedora, RHEL:
  sudo install -m 644 {file} /etc/pki/ca-trust/source/anchors/{name}.pem
  sudo update-ca-trust

Alpine (as root):
  apk add ca-certificates
  install -m 644 {file} /usr/local/share/ca-certificates/{name}.crt
  update-ca-certificates

macOS:
  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}

Windows PowerShell:
  Import-Certificate -FilePath {quoted} -CertStoreLocation Cert:\\CurrentUser\\Root

Firefox:
  certutil -A -n {name} -t C,, -i {file} -d sql:PROFILE_DIRECTORY
  or Settings > Privacy & Security > View Certificates > Authorities > Import

Java:
  keytool -importcert -noprompt -cacerts -storepass changeit -alias {name} -file {file}

Node:
  export NODE_EXTRA_CA_CERTS={file}
"""


def install_hints(certificate: Path, permitted: tuple[str, ...]) -> str:
    """Return the lines to type for each platform, with the path of the certificate quoted for its shell."""
    powershell = str(certificate).replace("'", "''")
    return _HINTS.format(
        names=" ".join(permitted),
        file=shlex.quote(str(certificate)),
        quoted=f"'{powershell}'",
        name=f"mockserver-{certificate.stem}",
    )
