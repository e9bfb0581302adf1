"""IMEIs, and the extra parameters that some services demand right after them."""

import re
from dataclasses import dataclass

from mockserver.domain.errors import Invalid
from mockserver.providers.doctorsim_v1.settings import IMEI_LENGTH

_PARTS = re.compile(r"([0-9]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Suffix:
    """The extra parameter that a flag demands after the IMEI (documented): its start, its pattern, and words for it."""

    start: str
    rule: re.Pattern[str]
    words: str


SUFFIXES = {
    "sn": Suffix(
        "SN",
        re.compile(r"SN[0-9A-Za-z]{4,5}-[0-9A-Za-z]{5,7}", re.ASCII),
        "SN, 4 or 5 characters, a hyphen, 5 to 7 characters",
    ),
    "prd": Suffix("PRD", re.compile(r"PRD[0-9]{8}", re.ASCII), "PRD, 8 digits"),
    "pin": Suffix("PIN", re.compile(r"PIN[0-9A-Za-z]{8}", re.ASCII), "PIN, 8 characters"),
    "mep": Suffix("MEP", re.compile(r"MEP-[0-9]{5}-[0-9]{3}", re.ASCII), "MEP, a hyphen, 5 digits, a hyphen, 3 digits"),
    # The page asks for digits and gives an example with letters: both are taken.
    "sro": Suffix("SRO", re.compile(r"SROX[0-9A-Za-z]{7,11}", re.ASCII), "SRO, a capital X, 7 to 11 digits or letters"),
}


def problem_of(imei: str) -> str | None:
    """Return what is wrong with an IMEI (15 digits, the last a Luhn check digit), or None."""
    if not (imei.isascii() and imei.isdigit()):
        if not imei:
            return f"the IMEI has to begin with its {IMEI_LENGTH} digits"
        return "the IMEI has to consist of digits"
    if len(imei) != IMEI_LENGTH:
        return f"the IMEI has to have {IMEI_LENGTH} digits, not {len(imei)}"
    # Imported lazily to keep start-up fast.
    from stdnum import luhn

    if not luhn.is_valid(imei):
        return f"the check digit of the IMEI is wrong: {imei}"
    return None


def read_segment(segment: str, flag: str) -> tuple[str, str]:
    """Split a path segment into the IMEI and the parameter that this flag ("" for none) demands; raises Invalid."""
    match = _PARTS.fullmatch(segment)
    assert match is not None, "the pattern takes any text"
    imei, rest = match[1], match[2]
    problem = problem_of(imei) or _suffix_problem(rest, flag)
    if problem:
        raise Invalid({"imei": [problem]})
    return imei, rest


def _suffix_problem(rest: str, flag: str) -> str | None:
    if not flag:
        return f"this service takes nothing after the IMEI: {rest[:40]!r}" if rest else None
    demand = SUFFIXES[flag]
    if not rest:
        return f"this service needs {flag.upper()} after the IMEI ({demand.words})"
    if not rest.startswith(demand.start):
        other = next((suffix.start for suffix in SUFFIXES.values() if rest.startswith(suffix.start)), None)
        actual = f"not {other}" if other else f"not {rest[:40]!r}"
        return f"this service needs {flag.upper()} after the IMEI ({demand.words}), {actual}"
    if demand.rule.fullmatch(rest) is None:
        return f"{flag.upper()} is written without spaces as {demand.words}: {rest[:40]!r}"
    return None


def decomposition(imei: str) -> str:
    """Return an IMEI as the IMEI check shows it (documented): the first seven digits and the rest."""
    return f"TAC:{imei[:7]} SN:{imei[7:]}"


def type_allocation(imei: str) -> str:
    """Return the TAC of a valid IMEI: the eight digits that identify the model."""
    from stdnum.imei import split

    tac: str = split(imei)[0]
    return tac
