"""Forms as `multipart/form-data`, which PHP's curl sends when it is given an array, and curl with `-F`."""

from email.message import Message
from email.parser import BytesParser


def read_multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Names and values of the fields in order, without files; what is malformed has no fields."""
    whole = BytesParser().parsebytes(b"Content-Type: %b\r\n\r\n%b" % (content_type.encode("latin-1"), body))
    parts = whole.get_payload() if whole.is_multipart() else ()
    pairs = []
    for part in parts:
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes) and part.get_filename() is None:
            pairs.append((name, value.decode("utf-8", "replace")))
    return pairs
