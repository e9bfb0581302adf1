"""The ids, codes and secrets of the authorization server, drawn from the dice, and the digests of secrets."""

from hashlib import sha256

from mockserver.sandbox.unit_of_work import UnitOfWork

HEX = "0123456789abcdef"
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def digest(secret: str) -> str:
    """Return the digest of a secret, which is all that is stored of it."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def draw(work: UnitOfWork, alphabet: str, count: int, purpose: str) -> str:
    """Return a text that no other sandbox and no other call draws."""
    number = await work.next_number(f"doctorsim_v2/oauth {purpose}")
    return work.dice.letters(alphabet, count, "oauth", purpose, work.identity, number)
