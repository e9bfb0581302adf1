"""Programs that cannot be changed: the real addresses are in their code, and only their environment leads them here."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.providers.doctorsim_v2.oauth.browser import Browser

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[4]
#: Seconds of real time after which a program is ended that does not end by itself.
PATIENCE = 30.0
OLDEST_NODE = 20
#: The variable that names the directory into which npm has put what `node/package.json` lists.
NODE_MODULES = "MOCKSERVER_TEST_NODE_MODULES"
#: What would lead a program elsewhere, or let it take what it should refuse.
_FOREIGN = re.compile(
    r"(.*_PROXY|.*INSECURE.*|SSL_CERT.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_.*|PHP_INI_.*|PYTHONPATH)", re.IGNORECASE
)


class Machine:
    """A machine on which programs run. All of them go through the proxy of a server, and trust one CA alone."""

    def __init__(self, url: str, ca: str, directory: Path) -> None:
        """`url` is the plain URL of the server; `ca` is all that is trusted; `directory` is for files."""
        self.url = url
        self.directory = directory
        self.ca = directory / "ca.pem"
        self.ca.write_text(ca)
        self.php_settings = directory / "php"
        self.php_settings.mkdir()
        settings = f'curl.cainfo = "{self.ca}"\nopenssl.cafile = "{self.ca}"\n'
        (self.php_settings / "ca.ini").write_text(settings)

    def variables(self, sandbox: str) -> dict[str, str]:
        """Return the environment of a program whose requests belong to a sandbox."""
        proxy = self.url.replace("//", f"//{sandbox}:x@")
        kept = {name: value for name, value in os.environ.items() if not _FOREIGN.fullmatch(name)}
        return kept | {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.ca),
            "REQUESTS_CA_BUNDLE": str(self.ca),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "PHP_INI_SCAN_DIR": f"{os.pathsep}{self.php_settings}",
        }

    def run(self, sandbox: str, command: Sequence[str], **more: str) -> list[str]:
        """Run a program that must succeed, and return the lines that it prints.

        What it asks for by a line `open ADDRESS` is opened in a browser and approved. `more` are variables.
        """
        with (
            Browser(self.url, sandbox) as browser,
            subprocess.Popen(
                command,
                env=self.variables(sandbox) | more,
                cwd=self.directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as program,
        ):
            limit = threading.Timer(PATIENCE, program.kill)
            limit.start()
            try:
                lines = _lines(program, browser)
            finally:
                program.kill()
                limit.cancel()
        return lines

    def run_python(self, sandbox: str, name: str, *arguments: str) -> list[str]:
        """Run a program in `clients/`."""
        module = f"tests.providers.doctorsim_v2.oauth.clients.{name}"
        return self.run(sandbox, [sys.executable, "-m", module, *arguments], PYTHONPATH=str(ROOT))

    def run_node(self, sandbox: str, name: str, *arguments: str, needs: str | None = None) -> list[str]:
        """Run a program in `node/`, which may need a library; skips the test where node or the library is missing."""
        node = _node()
        folder = HERE / "node" if needs is None else self._beside_libraries(needs)
        return self.run(sandbox, [node, "--import", str(folder / "through_proxy.mjs"), str(folder / name), *arguments])

    def run_php(self, sandbox: str, name: str) -> list[str]:
        """Run a program in `php/` that needs Guzzle; skips the test where php or Guzzle is missing."""
        php = _installed("php")
        asked = "exit(extension_loaded('curl') && stream_resolve_include_path('GuzzleHttp/autoload.php') ? 0 : 1);"
        if subprocess.run([php, "-r", asked], check=False).returncode:
            pytest.skip("PHP has no curl, or no Guzzle in its include path (Debian: php-curl, php-guzzlehttp-guzzle)")
        return self.run(sandbox, [php, str(HERE / "php" / name)])

    def _beside_libraries(self, needs: str) -> Path:
        """Return a copy of `node/` with the libraries beside it, where programs find them."""
        libraries = Path(os.environ.get(NODE_MODULES) or os.devnull)
        if not (libraries / needs).is_dir():
            pytest.skip(f"{needs} is not in the directory that {NODE_MODULES} names")
        folder = self.directory / "node"
        if not folder.exists():
            shutil.copytree(HERE / "node", folder)
            (folder / "node_modules").symlink_to(libraries.absolute())
        return folder


def _installed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def _node() -> str:
    node = _installed("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node is {version}, the libraries need {OLDEST_NODE} or later")
    return node


def _lines(program: "subprocess.Popen[str]", browser: Browser) -> list[str]:
    """Return what a program prints, and do what it asks the person for; it must succeed."""
    assert program.stdout is not None
    assert program.stderr is not None
    lines = []
    for line in program.stdout:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "open":
            browser.sign_in(rest)
        else:
            lines.append(line.rstrip("\n"))
    errors = program.stderr.read()
    assert (program.wait(), errors) == (0, ""), "\n".join([*lines, errors])
    return lines
