"""The fidelity page as one HTML document without scripts or other files."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

#: Each provenance, and what it means.
MEANINGS = {
    "documented": "The provider's own page says so.",
    "observed": "Clients of the real service rely on it.",
    "assumed": "Nobody says so: this emulation had to decide.",
}

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1b1b1f;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid #ddd;padding:.25rem .6rem;
text-align:left;vertical-align:top}code{font:13px ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}
.documented,.observed,.assumed{border-radius:.3rem;padding:.05rem .45rem;font-size:13px;white-space:nowrap}
.documented{background:#d7f0dc;color:#0b4d1c}.observed{background:#dbe8fb;color:#123f7a}
.assumed{background:#fdeccd;color:#6b4200}
@media(prefers-color-scheme:dark){body{background:#17181c;color:#e6e6ea}td,th{border-color:#3a3b42}}
"""


def page(providers: list[dict[str, Any]]) -> str:
    """Return the page: for each provider a table of counts, one of each endpoint's fields, one of its refusals.

    `providers` are the values of `fidelity.provider_data`.
    """
    meanings = "".join(f"<li>{_badge(name)} {escape(text)}</li>" for name, text in MEANINGS.items())
    links = "".join(
        f'<li><a href="#{provider["provider"]}">{escape(provider["title"])}</a></li>' for provider in providers
    )
    body = "".join(_provider_html(provider) for provider in providers)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fidelity</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>Fidelity</h1>"
        "<p>Where each part of the emulated APIs comes from. As JSON, too: ask for <code>application/json</code>.</p>"
        f"<ul>{meanings}</ul><nav><ul>{links}</ul></nav>{body}</body></html>\n"
    )


def _provider_html(data: Mapping[str, Any]) -> str:
    counts = _table(
        ("", *MEANINGS), [(what, *(str(numbers[name]) for name in MEANINGS)) for what, numbers in _rows(data)]
    )
    endpoints = "".join(_endpoint_html(row) for row in data["endpoints"])
    refusals = data["refusals"]
    wordings = _table(
        ("status", "code", "text", "provenance"),
        [(str(row["status"]), row["code"], row["text"], row["provenance"]) for row in refusals["wordings"]],
    )
    webhooks = "".join(
        f"<details><summary>webhook <code>{escape(row['event'])}</code> {_badge(row['provenance'])}</summary>"
        f"{_fields_html(row['fields'])}</details>"
        for row in data["webhooks"]
    )
    return (
        f'<section id="{escape(data["provider"])}"><h2>{escape(data["title"])}</h2>{counts}{endpoints}{webhooks}'
        "<details><summary>refusals</summary><p>The provenance of a refusal is that of its status and code.</p>"
        f"{wordings}{_fields_html(refusals['fields'])}</details></section>"
    )


def _rows(data: Mapping[str, Any]) -> list[tuple[str, dict[str, int]]]:
    return list(data["counts"].items())


def _endpoint_html(endpoint: Mapping[str, Any]) -> str:
    note = " changes state" if endpoint["changes_state"] and endpoint["method"] == "GET" else ""
    return (
        f"<details><summary><code>{escape(endpoint['method'])} {escape(endpoint['path'])}</code>"
        f" {_badge(endpoint['provenance'])} {escape(endpoint['summary'])}{note}</summary>"
        f"{_fields_html(endpoint['fields'])}</details>"
    )


def _fields_html(fields: list[dict[str, Any]]) -> str:
    rows = [(field["where"], field["field"], field["provenance"], field["about"]) for field in fields]
    return _table(("where", "field", "provenance", "what it is"), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(text: str) -> str:
    if text in MEANINGS:
        return _badge(text)
    return f"<code>{escape(text)}</code>" if text.startswith("$") else escape(text)


def _badge(provenance: str) -> str:
    return f'<span class="{escape(provenance)}">{escape(provenance)}</span>'
