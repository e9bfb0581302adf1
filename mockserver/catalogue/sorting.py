"""Sorting for people: by letters, whatever their case."""


def alphabetical(name: str) -> tuple[str, str]:
    """Return the key that sorts names as people expect it: without regard to case, equal ones by the name itself.

    >>> sorted(["Uganda", "USA", "eBay", "Uruguay"], key=alphabetical)
    ['eBay', 'Uganda', 'Uruguay', 'USA']
    """
    return name.casefold(), name
