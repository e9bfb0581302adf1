"""An OpenAPI document of a provider as one HTML page: no script, nothing to load."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple

Json = Mapping[str, Any]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:56rem;padding:0 1rem;color:#1b1b1f;background:#fff}
body,code{overflow-wrap:anywhere}code{font:13px ui-monospace,monospace}a{color:#0b57b0}
h2{font-size:1rem;margin:0 0 .2rem}h3{font-size:.9rem;margin:.5rem 0 0}p{margin:.2rem 0}
section{border-top:1px solid #ddd;padding:.8rem 0}ul{margin:.2rem 0;padding-left:1.2rem}
summary{cursor:pointer;font-size:.9rem;font-weight:bold;margin:.5rem 0 0}
.documented,.observed,.assumed{border-radius:.3rem;padding:.05rem .45rem;font-size:13px;white-space:nowrap}
.documented{background:#d7f0dc;color:#0b4d1c}.observed{background:#dbe8fb;color:#123f7a}
.assumed{background:#fdeccd;color:#6b4200}
@media(prefers-color-scheme:dark){body{background:#17181c;color:#e6e6ea}section{border-color:#3a3b42}a{color:#8ab8f5}}
"""
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
#: What a browser is told of the page: that it loads and runs nothing, and that nobody frames it.
HEADERS = (
    (
        "content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)
_PROVENANCES = ("documented", "observed", "assumed")
#: How deep the fields of a body are listed.
_DEEPEST = 4


class _Field(NamedTuple):
    """A parameter, or a member of a body."""

    name: str
    where: str
    required: bool
    about: str
    schema: Json


def page(document: Json, *, source: str) -> str:
    """Return each operation with its parameters, provenance and errors; `source` is the address of the document."""
    title = escape(document["info"]["title"])
    operations = list(_operations(document))
    links = "".join(
        f'<li><a href="#{escape(operation["operationId"])}"><code>{escape(label)}</code></a>'
        f" {escape(operation['summary'])}</li>"
        for label, _, operation in operations
    )
    body = "".join(_operation(document, label, server, operation) for label, server, operation in operations)
    body += "".join(_webhook(document, name, item["post"]) for name, item in document.get("webhooks", {}).items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{escape(document['info']['description'])}</p>"
        f"<p>Base URL: <code>{escape(document['servers'][0]['url'])}</code></p>"
        f'<p><a href="{escape(source)}">The OpenAPI document (JSON)</a></p>'
        f'<nav aria-label="Endpoints"><ul>{links}</ul></nav><main>{body}</main></body></html>\n'
    )


def _operations(document: Json) -> Iterator[tuple[str, str | None, Json]]:
    """Yield method and path, the server where it is not the document's, and the operation."""
    for path, item in document["paths"].items():
        server = item["servers"][0]["url"] if "servers" in item else None
        for method, operation in item.items():
            if method != "servers":
                yield f"{method.upper()} {path}", server, operation


def _operation(document: Json, label: str, server: str | None, operation: Json) -> str:
    notes = [operation["summary"], operation.get("description", "")]
    notes += [f"Another path of {operation['x-alias-of']}."] if "x-alias-of" in operation else []
    notes += [f"On {server}."] if server is not None else []
    fields = [*_parameters(operation), *_body(document, operation)]
    return (
        f'<section id="{escape(operation["operationId"])}"><h2><code>{escape(label)}</code> {_badge(operation)}</h2>'
        f"<p>{escape(' '.join(filter(None, notes)))}</p>"
        f"{_list('Parameters', map(_field, fields))}{_answers(operation)}{_errors(operation)}</section>"
    )


def _webhook(document: Json, name: str, operation: Json) -> str:
    return (
        f"<section><h2>Webhook <code>{escape(name)}</code> {_badge(operation)}</h2>"
        f"<p>{escape(operation['summary'])}</p>"
        f"{_list('Fields', map(_field, _body(document, operation)))}</section>"
    )


def _parameters(operation: Json) -> Iterator[_Field]:
    for row in operation.get("parameters", ()):
        yield _Field(row["name"], row["in"], row.get("required", False), row.get("description", ""), row["schema"])


def _body(document: Json, operation: Json) -> Iterator[_Field]:
    """Return the members of each kind of body; a body of several media types is listed once."""
    content = operation.get("requestBody", {}).get("content", {})
    seen: set[str] = set()
    for media in content.values():
        for field in _members(document, media["schema"], "", 0):
            if field.name not in seen:
                seen.add(field.name)
                yield field


def _members(document: Json, schema: Json, path: str, depth: int) -> Iterator[_Field]:
    schema = _resolved(document, schema)
    if depth > _DEEPEST:
        return
    for name, inner in schema.get("properties", {}).items():
        inner = _resolved(document, inner)
        about = inner.get("description", "")
        yield _Field(f"{path}{name}", "body", name in schema.get("required", ()), about, inner)
        yield from _members(document, inner, f"{path}{name}.", depth + 1)
    if "items" in schema:
        yield from _members(document, schema["items"], f"{path.removesuffix('.')}[].", depth + 1)


def _resolved(document: Json, schema: Any) -> Json:
    """Return the schema, or the one that it refers to; a boolean schema has no members."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" not in schema:
        return schema
    target: Any = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def _field(field: _Field) -> str:
    kind = field.schema.get("type", "")
    notes = [field.where, "required" if field.required else "optional"]
    notes += [kind if isinstance(kind, str) else " or ".join(kind)] if kind else []
    notes += [f"one of {', '.join(map(str, field.schema['enum']))}"] if "enum" in field.schema else []
    notes += [f"default {field.schema['default']}"] if "default" in field.schema else []
    return (
        f"<code>{escape(field.name)}</code> ({escape(', '.join(notes))}) {_badge(field.schema)} {escape(field.about)}"
    )


def _answers(operation: Json) -> str:
    """Return the answers of the operation that are no refusals."""
    good = [(status, row) for status, row in operation["responses"].items() if "x-codes" not in row or status < "400"]
    rows = [
        f"<code>{escape(status)}</code> {escape(', '.join(row.get('content', {})) or 'no content')}"
        for status, row in good
    ]
    return _list("Answers", rows)


def _errors(operation: Json) -> str:
    rows = [
        f"<code>{escape(status)} {escape(wording['code'])}</code> {_badge(wording)} {escape(wording['text'])}"
        for status, row in operation["responses"].items()
        for wording in row.get("x-codes", ())
    ]
    if not rows:
        return ""
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f"<details><summary>Errors ({len(rows)})</summary><ul>{items}</ul></details>"


def _list(title: str, rows: Iterable[str]) -> str:
    """Return a heading and a list of rows, which are HTML; empty where there are no rows."""
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f"<h3>{escape(title)}</h3><ul>{items}</ul>" if items else ""


def _badge(operation: Json) -> str:
    provenance = operation.get("x-provenance")
    return f'<span class="{provenance}">{provenance}</span>' if provenance in _PROVENANCES else ""
