"""The HTML pages that a person sees."""

from collections.abc import Mapping, Sequence
from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem; color: #1b2430; }
h1 { font-size: 1.3rem; } ul { padding-left: 1.2rem; } code { background: #eef1f4; padding: 0 .25rem; }
label, select { display: block; margin: .5rem 0; font: inherit; }
button { font: inherit; padding: .5rem 1.2rem; margin: 1rem .5rem 0 0; }
.approve { background: #1b6e3c; color: #fff; border: 0; } .note { color: #5a6672; font-size: .9rem; }
"""


def consent(
    client: str,
    redirect_uri: str,
    scopes: Sequence[str],
    accounts: Sequence[str],
    parameters: Mapping[str, str],
    *,
    action: str,
) -> bytes:
    """Return the page to sign in as a sandbox's account and approve or deny; its form repeats `parameters`."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parameters.items()
    )
    options = "".join(f"<option>{escape(name)}</option>" for name in accounts)
    items = "".join(f"<li><code>{escape(name)}</code></li>" for name in scopes)
    return _page(
        "Authorize",
        f"<h1>{escape(client)} wants to use your account</h1><p>It asks for:</p><ul>{items}</ul>"
        f'<form method="post" action="{escape(action)}">{hidden}'
        f'<label>Sign in as <select name="account">{options}</select></label>'
        '<button class="approve" name="decision" value="approve">Approve</button>'
        '<button name="decision" value="deny">Deny</button></form>'
        f'<p class="note">You will be sent to {escape(redirect_uri)}. This is a mock: no real account is touched.</p>',
    )


def documentation(api: str, links: Mapping[str, str]) -> bytes:
    """Return the page with links to the documentation of the API."""
    items = "".join(f'<li><a href="{escape(place)}">{escape(name)}</a></li>' for name, place in links.items())
    about = f"<p>An emulation for tests, at <code>{escape(api)}</code>.</p>"
    return _page("doctorSIM API v2", f"<h1>doctorSIM API v2</h1>{about}<ul>{items}</ul>")


def refusal(code: str, description: str) -> bytes:
    """Return the page that says why there is nothing to approve."""
    return _page(
        "Not possible",
        f"<h1>This request cannot be answered</h1><p><code>{escape(code)}</code>: {escape(description)}.</p>",
    )


def _page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    ).encode()
