"""What a client trusts that has been given a server's own CA and nothing else."""

import ssl

import httpx


def client_context(url: str) -> ssl.SSLContext:
    """A strict client of the server at this plain URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=httpx.get(f"{url}/_mock/ca.pem").raise_for_status().text)
    context.set_alpn_protocols(["http/1.1"])
    return context
