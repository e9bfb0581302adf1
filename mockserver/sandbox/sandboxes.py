"""All sandboxes of a server: `default` always, others made on first use or by name."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from mockserver.domain.errors import Invalid, NotFound
from mockserver.sandbox.config import SandboxConfig, ServerContext
from mockserver.sandbox.names import DEFAULT, is_name
from mockserver.sandbox.place import Place, Terms, first_to_go
from mockserver.sandbox.refusals import NameTaken, TooManySandboxes, UnknownSandbox
from mockserver.sandbox.sandbox import Sandbox

__all__ = ["DEFAULT", "Sandboxes"]

log = logging.getLogger("mockserver")

#: How often expired sandboxes are looked for, in real seconds.
SWEEP_EVERY = 30.0


class Sandboxes:
    """Sandboxes by name. A request enters one and leaves it again; what is in use is never taken away.

    A sandbox that nobody made by name is provisional during its first requests: it is kept once one of them was
    accepted, and forgotten with the last one otherwise. `most` counts every sandbox but the default one; `lives`
    is how long a sandbox stays without use where its maker said nothing. `now` tells real seconds.
    """

    def __init__(
        self,
        birth: SandboxConfig,
        shared: ServerContext,
        *,
        most: int,
        lives: timedelta | None = None,
        makes_unknown: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._birth = birth
        self._shared = shared
        self.most = most
        self._lives = lives
        self._makes_unknown = makes_unknown
        self._now = now
        self._kept: dict[str, Place] = {}
        self._provisional: dict[str, Place] = {}
        self._leaving: set[Place] = set()
        self._making: dict[str, asyncio.Event] = {}
        self._made = 0
        self.default: Sandbox | None = None
        """The default sandbox, from `make_default` or its first use on."""

    @property
    def birth(self) -> SandboxConfig:
        """How sandboxes are made that say nothing else."""
        return self._birth

    @property
    def used(self) -> int:
        """How many sandboxes there are, the default one left out."""
        return len(self._kept) - (DEFAULT in self._kept)

    def places(self) -> list[Place]:
        """Every sandbox that has not expired, by name; does not count as use."""
        now = self._now()
        return [place for _, place in sorted(self._kept.items()) if not place.expired(now)]

    def place(self, name: str) -> Place | None:
        """The place of a sandbox that exists; does not count as use."""
        place = self._kept.get(name)
        return None if place is None or place.expired(self._now()) else place

    def known(self, name: str) -> Sandbox | None:
        """The sandbox if it exists; does not count as use."""
        place = self.place(name)
        return None if place is None else place.sandbox

    def all(self) -> list[Sandbox]:
        """Every sandbox that is kept or has a request in it; does not count as use."""
        places = (*self._kept.values(), *self._provisional.values(), *self._leaving)
        return [place.sandbox for place in places]

    # -- being in one ------------------------------------------------------------------------------------

    async def enter(self, name: str) -> Place:
        """Be in the sandbox of this name, which stays at least until `leave`; an unknown one is made.

        Raises NotFound for what cannot be a name, UnknownSandbox where unknown ones are refused, TooManySandboxes.
        """
        while True:
            place = self._kept.get(name) or self._provisional.get(name)
            if place is None and name not in self._making:
                place = await self._make_provisional(name)
            if place is None:
                await self._making[name].wait()
            elif place.expired(self._now()):
                await self._dismiss(place)
            else:
                place.visits += 1
                place.used = self._now()
                return place

    async def leave(self, place: Place, *, accepted: bool, steered: bool = False) -> None:
        """Be in it no more. `accepted`: the request was; `steered`: it was a call of the control API."""
        place.visits -= 1
        place.used = self._now()
        if accepted and steered:
            place.steered = place.used
        if self._provisional.get(place.name) is place:
            if accepted:
                del self._provisional[place.name]
                self._kept[place.name] = place
            elif not place.visits:
                del self._provisional[place.name]
                await place.sandbox.close()
        if place.gone and not place.visits:
            self._leaving.discard(place)
            await place.sandbox.close()
        # Whoever was to make room may have been taken into use since.
        await self._make_room(but=place)

    # -- making and forgetting -----------------------------------------------------------------------------

    async def create(self, name: str | None, terms: Terms) -> Place:
        """A new sandbox. Raises NameTaken, TooManySandboxes, and Invalid for what cannot be."""
        if name is None:
            name = self._free_name()
        if not is_name(name):
            raise Invalid({"name": [f"cannot be the name of a sandbox: {name!r}"]})
        if self.place(name) is not None or name in self._making:
            raise NameTaken(name)
        return await self._make(name, terms)

    async def ensure(self, name: str, terms: Terms) -> tuple[Place, bool]:
        """The sandbox of this name, and whether it was made now. Raises what `create` does.

        NameTaken: there is one, made in another way.
        """
        while name in self._making:
            await self._making[name].wait()
        place = self.place(name)
        if place is None:
            return await self.create(name, terms), True
        if place.terms != terms:
            raise NameTaken(name, otherwise=True)
        # Whoever asks for it by name relies on it from here on.
        place.named = True
        place.used = self._now()
        return place, False

    async def make_default(self, birth: SandboxConfig) -> Sandbox:
        """Make the default sandbox."""
        sandbox = await Sandbox.make(DEFAULT, birth, self._shared)
        self._kept[DEFAULT] = Place(sandbox, Terms(birth), named=True, lives=None, used=self._now())
        self.default = sandbox
        return sandbox

    async def delete(self, name: str) -> None:
        """Forget the sandbox; requests in it end there. Raises NotFound, and Invalid for the default one."""
        if name == DEFAULT:
            raise Invalid({"name": ["the default sandbox cannot be deleted; reset it instead"]})
        place = self.place(name)
        if place is None:
            raise NotFound("sandbox", name)
        await self._dismiss(place)

    async def sweep(self) -> int:
        """Forget what has expired; returns how many sandboxes that were. Others get their turn in between."""
        now = self._now()
        expired = [place for place in self._kept.values() if place.expired(now)]
        for place in expired:
            # It may have been entered, or forgotten, while another one was closed.
            if self._kept.get(place.name) is place and place.expired(self._now()):
                await self._dismiss(place)
            await asyncio.sleep(0)
        return len(expired)

    async def keep_sweeping(self) -> None:
        """Forget what expires, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep()
            except Exception:
                log.exception("expired sandboxes could not be cleared away")

    async def close(self) -> None:
        """Close every sandbox."""
        places = [*self._kept.values(), *self._provisional.values(), *self._leaving]
        self._kept.clear()
        self._provisional.clear()
        self._leaving.clear()
        for place in places:
            await place.sandbox.close()

    # -- inside ----------------------------------------------------------------------------------------------

    async def _make_provisional(self, name: str) -> Place:
        """The place of a sandbox that nobody made by name."""
        if name == DEFAULT:
            # Nobody started the server: an app that is called in process needs no start.
            await self.make_default(self._birth)
            return self._kept[DEFAULT]
        if not is_name(name):
            raise NotFound("sandbox", name)
        if not self._makes_unknown:
            raise UnknownSandbox(name)
        self._check_room()
        terms = Terms(self._birth)
        async with self._alone(name):
            sandbox = await Sandbox.make(name, terms.birth, self._shared)
            place = self._provisional[name] = self._placed(sandbox, terms, named=False)
        return place

    async def _make(self, name: str, terms: Terms) -> Place:
        if name not in self._provisional:
            self._check_room()
        async with self._alone(name):
            sandbox = await Sandbox.make(name, terms.birth, self._shared)
            expired = self._kept.get(name)
            if expired is not None:
                await self._dismiss(expired)
            refused = self._provisional.pop(name, None)
            if refused is not None:
                # The requests in it were not accepted so far, and end in the world that they began in.
                await self._set_aside(refused)
            place = self._kept[name] = self._placed(sandbox, terms, named=True)
        await self._make_room(but=place)
        return place

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Nobody else makes a sandbox of this name meanwhile: they wait."""
        made = self._making[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._making[name]
            made.set()

    def _placed(self, sandbox: Sandbox, terms: Terms, *, named: bool) -> Place:
        span = terms.expires if terms.expires is not None else self._lives
        lives = None if span is None else span.total_seconds()
        return Place(sandbox, terms, named=named, lives=lives, used=self._now())

    def _check_room(self) -> None:
        """Raises TooManySandboxes when one more could not be kept beside those that are being made or are ending."""
        beside = self.used + len(self._provisional) + len(self._making) + len(self._leaving) + 1 - self.most
        if beside > 0:
            now = self._now()
            if sum(place.may_go(now) for place in self._kept.values()) < beside:
                raise TooManySandboxes(self.most)

    async def _make_room(self, *, but: Place) -> None:
        """Take away what may go while there are too many, though not this one, which was used just now."""
        while self.used > self.most:
            place = first_to_go((one for one in self._kept.values() if one is not but), self._now())
            if place is None:
                return
            await self._dismiss(place)

    async def _dismiss(self, place: Place) -> None:
        """No request finds it from here on; its webhooks end at once, and all else when the last request has left."""
        del self._kept[place.name]
        if place.visits:
            await self._set_aside(place)
        else:
            await place.sandbox.close()

    async def _set_aside(self, place: Place) -> None:
        place.gone = True
        self._leaving.add(place)
        await place.sandbox.end()

    def _free_name(self) -> str:
        while True:
            self._made += 1
            name = f"sandbox-{self._made}"
            if name not in self._kept and name not in self._making:
                return name
