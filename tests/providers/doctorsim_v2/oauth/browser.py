"""The browser of a person who signs in."""

from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from tests.trust import client_context


class Browser:
    """Opens what a program asks for, fills in the consent page, and goes where it is sent.

    It reaches the emulated hosts through the proxy of a server, in one sandbox, and trusts the CA of the server alone.
    """

    def __init__(self, url: str, sandbox: str) -> None:
        """`url` is the plain URL of the server."""
        proxy = httpx.Proxy(url, auth=(sandbox, "x"))
        self._inside = httpx.Client(proxy=proxy, verify=client_context(url), trust_env=False)
        self._machine = httpx.Client(trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.close()
        self._machine.close()

    def sign_in(self, address: str, account: str = "test_demo") -> None:
        """Open the address of an authorization request, approve as an account, and go back to the program."""
        page = self._inside.get(address)
        if page.status_code == 302:  # it cannot be approved: the program is told why
            self._machine.get(page.headers["location"])
            return
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), page.text
        form = _Form()
        form.feed(page.text)
        # A browser warns of a form on a page with TLS that goes to an address without.
        assert origin(form.action) == origin(address)
        # A browser holds `form-action` also against where the answer sends it: to an app, on any port of this machine.
        assert "form-action" not in page.headers["content-security-policy"]
        assert account in form.choices["account"]
        assert "approve" in form.choices["decision"]
        # Under this policy a browser does not tell where the form came from.
        assert page.headers["referrer-policy"] == "no-referrer"
        headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        answers = {**form.hidden, "account": account, "decision": "approve"}
        sent = self._inside.post(form.action, data=answers, headers=headers)
        assert sent.status_code == 303, sent.text
        self._machine.get(sent.headers["location"]).raise_for_status()


class _Form(HTMLParser):
    """What a person can fill in on a page with one form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the form, its hidden fields, its selects and its buttons."""
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.action = values["action"]
        elif tag == "input" and values["type"] == "hidden":
            self.hidden[values["name"]] = values["value"]
        elif tag == "select":
            self._select = values["name"]
        elif tag == "button":
            self.choices.setdefault(values["name"], []).append(values["value"])

    def handle_endtag(self, tag: str) -> None:
        """Note that a select ends."""
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """Note an option of a select."""
        if self._select is not None:
            self.choices.setdefault(self._select, []).append(data)


def origin(address: str) -> tuple[str, str]:
    """Return scheme and host of an address."""
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
