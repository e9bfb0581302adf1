"""A small client of the control API of a running server, and the options that say where it is."""

import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click


class ControlClient(NamedTuple):
    """The control API at `base`, such as `http://127.0.0.1:7460/~worker3`."""

    base: str
    token: str | None

    def ask(self, method: str, path: str, *, needs: str, **body: Any) -> Any:
        """The JSON answer, an object that has the member `needs`.

        Raises ClickException with what the server, or the network, had against it.
        """
        import json
        from http.client import HTTPException
        from urllib import error, request

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body else None
        # No proxy from the environment: the server is ours, most often on this machine.
        opener = request.build_opener(request.ProxyHandler({}))
        try:
            call = request.Request(f"{self.base}/_mock{path}", data, headers, method=method)
            with opener.open(call, timeout=60) as answer:
                found = json.load(answer)
            if not isinstance(found, dict) or needs not in found:
                raise ValueError(f"the answer has no {needs!r}")
        except error.HTTPError as refusal:
            raise click.ClickException(f"the server refused: {_detail(refusal)}") from None
        except error.URLError as failure:
            raise click.ClickException(f"no server answers at {self.base}: {_reason(failure.reason)}") from None
        except (OSError, HTTPException, ValueError) as failure:
            raise click.ClickException(f"no mockserver answers at {self.base}: {_reason(failure)}") from None
        return found


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--url`, `--sandbox` and `--token`; the command gets them as one argument, `client`."""

    @click.option(
        "--url", metavar="URL", default="http://127.0.0.1:7460", show_default=True, help="Where the server is."
    )
    @click.option("--sandbox", metavar="NAME", help="Which sandbox is meant; else the default one.")
    @click.option("--token", metavar="TOKEN", help="The control token. [MOCKSERVER_TOKEN]")
    @wraps(command)
    def connected(*arguments: Any, url: str, sandbox: str | None, token: str | None, **others: Any) -> Any:
        client = ControlClient(_base(url, sandbox), token or os.environ.get("MOCKSERVER_TOKEN"))
        return command(*arguments, client=client, **others)

    return connected


def _reason(failure: object) -> str:
    text = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
    return text[:1].lower() + text[1:]


def _detail(refusal: Any) -> str:
    """The detail of an RFC 9457 problem, else the status."""
    import json

    status = f"{refusal.code} {refusal.reason}"
    try:
        problem = json.loads(refusal.read())
        detail = problem.get("detail") or problem.get("title")
    except (OSError, ValueError, AttributeError):
        return status
    return f"{detail} ({status})" if detail else status


def _base(url: str, sandbox: str | None) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+/?", url, re.IGNORECASE):
        raise click.UsageError(f"--url must be like http://127.0.0.1:7460: {url!r}")
    if sandbox is None:
        return url.rstrip("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", sandbox):
        raise click.UsageError(f"--sandbox must be 1 to 64 of a-z, 0-9, _ and -, the first not _ or -: {sandbox!r}")
    return f"{url.rstrip('/')}/~{sandbox}"
