"""What each program here shares: the addresses in its code, and the port to which a browser is sent back."""

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

ISSUER = "https://www.doctorsim.com"
API = "https://api.doctorsim.com/v2"
SCOPE = "openid orders:read balance:read"
#: Seconds that the browser may take.
PATIENCE = 15.0


class Loopback:
    """Listens on a free port of this machine, as apps on a desktop do (RFC 8252, 7.3)."""

    def __init__(self) -> None:
        self._server = HTTPServer(("127.0.0.1", 0), _Handler)
        self._server.timeout = PATIENCE
        self.uri = f"http://127.0.0.1:{self._server.server_port}/callback"

    def visit(self, address: str) -> str:
        """Let the person's browser open an address, and return the URL to which it was sent back."""
        print("open", address, flush=True)
        return self.answer()

    def answer(self) -> str:
        """Wait for the browser, and return the URL to which it was sent back."""
        _Handler.path_received = None
        self._server.handle_request()
        assert _Handler.path_received is not None, "no browser came back"
        return self.uri.removesuffix("/callback") + _Handler.path_received


class _Handler(BaseHTTPRequestHandler):
    path_received: str | None = None

    def do_GET(self) -> None:
        """Thank the person."""
        type(self).path_received = self.path
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"Thank you.")

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


def parameters_of(address: str) -> Mapping[str, str]:
    """Return the parameters in an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, strict_parsing=True).items()}
