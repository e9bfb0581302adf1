"""The parameters of a request: none may come twice, empty ones count as absent (RFC 6749, 3.1 and 3.2)."""

from urllib.parse import parse_qsl

from mockserver.http.call import Call
from mockserver.providers.doctorsim_v2.oauth_errors import InvalidRequest
from mockserver.providers.doctorsim_v2.settings import MOST_PARAMETERS

_FORM = "application/x-www-form-urlencoded"


def query_parameters(call: Call) -> dict[str, str]:
    """Return the parameters of the query; raises OAuthError for one that comes twice."""
    return _read(call.query)


def form_parameters(call: Call) -> dict[str, str]:
    """Return the parameters of the body; raises OAuthError, also for a body of another type."""
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _FORM:
        raise InvalidRequest(f"the body must be {_FORM}")
    return _read(call.body)


def need(parameters: dict[str, str], name: str) -> str:
    """Return the value of a parameter; raises OAuthError when it is absent."""
    value = parameters.get(name)
    if value is None:
        raise InvalidRequest(f"the parameter {name} is missing")
    return value


def _read(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise InvalidRequest(f"there are more than {MOST_PARAMETERS} parameters") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidRequest(f"the parameter {name[:50]} comes twice")
        values[name] = value
    return {name: value for name, value in values.items() if value}
