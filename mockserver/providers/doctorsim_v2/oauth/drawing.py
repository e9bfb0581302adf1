"""How ids, codes and secrets of the authorization server are made, and what is kept of secrets."""

from hashlib import sha256

from mockserver.sandbox.unit_of_work import UnitOfWork

HEX = "0123456789abcdef"
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def draw(work: UnitOfWork, alphabet: str, count: int, purpose: str) -> str:
    """A text that no other sandbox and no other call draws."""
    number = await work.next_number(f"doctorsim_v2/oauth {purpose}")
    return work.dice.letters(alphabet, count, "oauth", purpose, work.identity, number)
