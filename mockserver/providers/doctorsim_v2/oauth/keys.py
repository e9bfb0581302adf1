"""The RSA keys that sign tokens, derived from the sandbox's seed, so that runs can be repeated."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mockserver.engine.dice import Dice
from mockserver.providers.doctorsim_v2.settings import KEY_BITS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from joserfc.jwk import RSAKey

_EXPONENT = 65_537
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


@lru_cache(maxsize=256)
def signing_key(seed: int | str, number: int = 0) -> "RSAKey":
    """Return the n-th key of sandboxes with this seed, a mock's secret; the first call takes about half a second."""
    from joserfc.jwk import RSAKey

    dice, suffix = Dice(seed), str(number) if number else ""
    p, q = _prime(dice, f"p{suffix}"), _prime(dice, f"q{suffix}")
    key = RSAKey.import_key(_private_key(max(p, q), min(p, q)), {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key


def public_keys(seed: int | str, numbers: Iterable[int] = (0,)) -> dict[str, Any]:
    """Return the public key set (RFC 7517)."""
    return {"keys": [signing_key(seed, number).as_dict(private=False) for number in numbers]}


def _private_key(p: int, q: int) -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers

    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), RSAPublicNumbers(_EXPONENT, p * q))
    # Validation would test both primes once more, for 90 ms in which no other thread runs.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(dice: Dice, name: str) -> int:
    """Return the first prime at or above a cast number of 1024 bits whose predecessor the exponent does not divide."""
    start = 0
    for part in range(KEY_BITS // 64):
        start = start << 64 | dice.cast("rsa", name, part)
    # The two highest bits are set, so that the product of two primes has all its 2048 bits.
    return next(_primes_from(start | 3 << KEY_BITS - 2 | 1))


def _primes_from(start: int) -> Iterator[int]:
    small = [number for number in range(3, 4000, 2) if all(number % other for other in range(3, number, 2))]
    number = start
    while True:
        if all(number % other for other in small) and (number - 1) % _EXPONENT and _is_prime(number):
            yield number
        number += 2


def _is_prime(number: int) -> bool:
    """Return whether Miller and Rabin's test passes; ten rounds are plenty for numbers not chosen to deceive it."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in _BASES:
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
