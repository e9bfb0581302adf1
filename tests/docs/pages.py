"""The pages of the documentation, and the fenced blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
#: Where the examples say that the server is.
ADDRESS = "http://localhost:7460"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- (?P<word>[a-z][a-z ]*)(?:: (?P<rest>[^\n]*?))? -->\s*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. The mark is the comment right above it: `<!-- word: rest -->`; both are empty without one."""

    page: str
    line: int
    language: str
    text: str
    word: str
    rest: str

    @property
    def place(self) -> str:
        """`docs/time.md:12`, for messages and the ids of tests."""
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page, relative to the top of the repository."""
    return ["README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(TOP)) for path in TOP.glob("docs/**/*.md"))]


def read(page: str) -> str:
    """The text of a page."""
    return (TOP / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in its order."""
    return list(blocks_of(page, read(page)))


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The fenced blocks of a text that stands for a page."""
    start = 0
    for fence in _FENCE.finditer(text):
        mark = _MARK.search(text[start : fence.start()])
        word, rest = (mark["word"], mark["rest"] or "") if mark else ("", "")
        yield Block(page, text.count("\n", 0, fence.start()) + 1, fence[1], fence[2], word, rest)
        start = fence.end()


def marked(word: str, rest: str, count: int = 1) -> list[Block]:
    """The block with this mark, on whichever page, and those that follow it there; `count` in all."""
    for page in pages():
        found = blocks(page)
        for place, block in enumerate(found):
            if (block.word, block.rest) == (word, rest):
                return found[place : place + count]
    raise AssertionError(f"no page has a block marked <!-- {word}: {rest} -->")
