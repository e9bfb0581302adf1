"""All sandboxes of a server: `default` always, others made on first use or by name."""

import re
from collections import OrderedDict

from mockserver.domain.mistakes import Invalid, NotFound
from mockserver.sandbox.birth import Birth, Surroundings
from mockserver.sandbox.sandbox import Sandbox

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
DEFAULT = "default"


class Sandboxes:
    """Sandboxes by name, the longest unused first. Those made by first use are evicted beyond `most`."""

    def __init__(self, birth: Birth, shared: Surroundings, *, most: int) -> None:
        self._birth = birth
        self._shared = shared
        self._most = most
        self._found: OrderedDict[str, Sandbox] = OrderedDict()
        self._implicit: set[str] = set()
        self._made = 0

    @property
    def birth(self) -> Birth:
        """How sandboxes are made that say nothing else."""
        return self._birth

    def names(self) -> list[str]:
        """Every name, in alphabetical order."""
        return sorted(self._found)

    def known(self, name: str) -> Sandbox | None:
        """The sandbox if it exists; does not count as use."""
        return self._found.get(name)

    def all(self) -> list[Sandbox]:
        """Every sandbox; does not count as use."""
        return list(self._found.values())

    async def use(self, name: str) -> Sandbox:
        """The sandbox of this name, made on first use; raises NotFound when the name cannot be one."""
        found = self._found.get(name)
        if found is not None:
            self._found.move_to_end(name)
            return found
        if NAME.fullmatch(name) is None:
            raise NotFound("sandbox", name)
        made = await self._make(name, self._birth)
        self._implicit.add(name)
        return made

    async def create(self, name: str | None, birth: Birth) -> Sandbox:
        """A new sandbox; raises Invalid when the name is taken or cannot be one."""
        if name is None:
            name = self._free_name()
        if NAME.fullmatch(name) is None:
            raise Invalid({"name": [f"must match {NAME.pattern}: {name!r}"]})
        if name in self._found:
            raise Invalid({"name": [f"already taken: {name!r}"]})
        return await self._make(name, birth)

    async def delete(self, name: str) -> None:
        """Forget the sandbox; raises NotFound, and Invalid for the default one."""
        if name == DEFAULT:
            raise Invalid({"name": ["the default sandbox cannot be deleted; reset it instead"]})
        sandbox = self._found.pop(name, None)
        if sandbox is None:
            raise NotFound("sandbox", name)
        self._implicit.discard(name)
        await sandbox.close()

    async def close(self) -> None:
        """Close every sandbox."""
        for sandbox in self._found.values():
            await sandbox.close()
        self._found.clear()

    async def _make(self, name: str, birth: Birth) -> Sandbox:
        made = await Sandbox.make(name, birth, self._shared)
        existing = self._found.get(name)
        if existing is not None:
            await made.close()
            return existing
        self._found[name] = made
        await self._evict()
        return made

    async def _evict(self) -> None:
        while len(self._found) > self._most:
            oldest = next((name for name in self._found if name in self._implicit and name != DEFAULT), None)
            if oldest is None or oldest == next(reversed(self._found)):
                return
            await self.delete(oldest)

    def _free_name(self) -> str:
        while True:
            self._made += 1
            name = f"sandbox-{self._made}"
            if name not in self._found:
                return name
