"""Refusals of requests for or about a sandbox."""

from mockserver.domain.errors import ApiError, NotFound
from mockserver.sandbox.names import RULE, name_from

#: How many characters of a refused name a message has.
_MOST_SHOWN = 200


class UnknownSandbox(NotFound):
    """There is no sandbox of this name, and this server does not make sandboxes on first use."""

    def __init__(self, name: str) -> None:
        super().__init__("sandbox", name)
        self.args = (
            f"sandbox not found: {name!r}; this server makes none on first use: POST {{'name': {name!r}}} to"
            " /_mock/sandboxes first",
        )


class NoSandboxName(NotFound):
    """No sandbox can have this name; the message has the name that POST and PUT make from it."""

    def __init__(self, name: str) -> None:
        super().__init__("sandbox", name)
        hint = f" (did you mean /~{name_from(name)}?)" if name else ""
        self.args = (f"no sandbox can be called {name[:_MOST_SHOWN]!r}: a name is {RULE}{hint}",)


class HistoryUnderWay(ApiError):
    """The request cannot be served while invented customers act: it would disturb their history, or be undone."""

    def __init__(self) -> None:
        super().__init__("a history is being made in this sandbox; wait until it is there, or reset the sandbox")


class WorldReplaced(Exception):
    """The sandbox was deleted, reset or restored meanwhile. Not an ApiError: it is no provider's refusal."""

    def __init__(self, *, ended: bool) -> None:
        how = "deleted" if ended else "reset or restored"
        super().__init__(f"the sandbox was {how} meanwhile")


class NameTaken(ApiError):
    """There is a sandbox of this name; `otherwise`: it was made on other terms than these."""

    def __init__(self, name: str, *, otherwise: bool = False) -> None:
        how = "it was made in another way; delete it first, or take another name" if otherwise else "already taken"
        super().__init__(f"sandbox {name!r}: {how}")
        self.name = name


class TooManySandboxes(ApiError):
    """There are `most` sandboxes, and none of them may be removed."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"there are {most} sandboxes already (--max-sandboxes), and all of them are in use or were made to stay;"
            " delete some, or make them with `expires`"
        )
        self.most = most
