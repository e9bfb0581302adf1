"""All sandboxes of a server: `default` always, and others made on first use or by name."""

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
from mockserver.sandbox.refusals import NameTaken, NoSandboxName, TooManySandboxes, UnknownSandbox
from mockserver.sandbox.sandbox import Sandbox

__all__ = ["DEFAULT", "Sandboxes"]

log = logging.getLogger("mockserver")

#: The pause between two searches for expired sandboxes, in real seconds.
SWEEP_EVERY = 30.0


class Sandboxes:
    """Sandboxes by name. A request enters one and leaves it again; a sandbox in use is never removed.

    A sandbox made on first use is provisional during its first requests: it is kept once one of them is accepted, and
    otherwise forgotten with the last of them. `most` limits the count of all sandboxes but the default one. `lives` is
    how long a sandbox stays without use where its terms do not say. `now` returns real seconds.
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
        """The default sandbox; None before `make_default` or its first use."""

    @property
    def birth(self) -> SandboxConfig:
        """The configuration of sandboxes that are made without one of their own."""
        return self._birth

    @property
    def used(self) -> int:
        """The count of sandboxes without the default one."""
        return len(self._kept) - (DEFAULT in self._kept)

    def places(self) -> list[Place]:
        """Return every sandbox that has not expired, sorted by name; does not count as use."""
        now = self._now()
        return [place for _, place in sorted(self._kept.items()) if not place.expired(now)]

    def place(self, name: str) -> Place | None:
        """Return the place of a sandbox, or None where it does not exist; does not count as use."""
        place = self._kept.get(name)
        return None if place is None or place.expired(self._now()) else place

    def known(self, name: str) -> Sandbox | None:
        """Return the sandbox, or None where it does not exist; does not count as use."""
        place = self.place(name)
        return None if place is None else place.sandbox

    def all(self) -> list[Sandbox]:
        """Return every sandbox that is kept or has a request in it; does not count as use."""
        places = (*self._kept.values(), *self._provisional.values(), *self._leaving)
        return [place.sandbox for place in places]

    # -- being in one ------------------------------------------------------------------------------------

    async def enter(self, name: str) -> Place:
        """Enter the sandbox of this name, which stays at least until `leave`; an unknown one is made.

        Raises NoSandboxName for a text that cannot be a name, UnknownSandbox where none are made on first use, and
        TooManySandboxes.
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
        """Leave a sandbox. `accepted`: the request was accepted; `steered`: it was a call of the control API."""
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
                place.sandbox.announcer.end()
                await place.sandbox.close()
        if place.gone and not place.visits:
            self._leaving.discard(place)
            await place.sandbox.close()
        # A sandbox that was to be removed may have been in use until now.
        await self._make_room(but=place)

    # -- making and forgetting -----------------------------------------------------------------------------

    async def create(self, name: str | None, terms: Terms) -> Place:
        """Make a sandbox and return its place. Raises NameTaken, TooManySandboxes, and Invalid for a wrong name."""
        if name is None:
            name = self._free_name()
        if not is_name(name):
            raise Invalid({"name": [f"cannot be the name of a sandbox: {name!r}"]})
        if self.place(name) is not None or name in self._making:
            raise NameTaken(name)
        return await self._make(name, terms)

    async def ensure(self, name: str, terms: Terms) -> tuple[Place, bool]:
        """Return the sandbox of this name, made where there is none, and whether it was made now.

        Raises the errors of `create`; NameTaken: there is one that was made on other terms.
        """
        while name in self._making:
            await self._making[name].wait()
        place = self.place(name)
        if place is None:
            return await self.create(name, terms), True
        if place.terms != terms:
            raise NameTaken(name, otherwise=True)
        # A client that names it relies on it from here on.
        place.named = True
        place.used = self._now()
        return place, False

    async def make_default(self, birth: SandboxConfig) -> Sandbox:
        """Make the default sandbox with this configuration."""
        sandbox = await Sandbox.make(DEFAULT, birth, self._shared)
        self._kept[DEFAULT] = Place(sandbox, Terms(birth), named=True, lives=None, used=self._now())
        self.default = sandbox
        sandbox.announcer.begin()
        return sandbox

    async def delete(self, name: str) -> None:
        """Delete the sandbox; requests in it end there. Raises NotFound, and Invalid for the default one."""
        if name == DEFAULT:
            raise Invalid({"name": ["the default sandbox cannot be deleted; reset it instead"]})
        place = self.place(name)
        if place is None:
            raise NotFound("sandbox", name)
        await self._dismiss(place)

    async def sweep(self) -> int:
        """Remove the expired sandboxes and return their count; other tasks of the event loop run in between."""
        now = self._now()
        expired = [place for place in self._kept.values() if place.expired(now)]
        for place in expired:
            # It may have been entered or deleted while another one was closed.
            if self._kept.get(place.name) is place and place.expired(self._now()):
                await self._dismiss(place)
            await asyncio.sleep(0)
        return len(expired)

    async def keep_sweeping(self) -> None:
        """Remove expired sandboxes regularly, until cancelled."""
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
        """Make a sandbox on first use, and return its place."""
        if name == DEFAULT:
            # An app that is called in process is used without having been started.
            await self.make_default(self._birth)
            return self._kept[DEFAULT]
        if not is_name(name):
            raise NoSandboxName(name)
        if not self._makes_unknown:
            raise UnknownSandbox(name)
        self._check_room()
        terms = Terms(self._birth)
        async with self._alone(name):
            sandbox = await Sandbox.make(name, terms.birth, self._shared)
            place = self._provisional[name] = self._placed(sandbox, terms, named=False)
            sandbox.announcer.begin()
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
                # Its requests were not accepted so far; they end in the sandbox in which they began.
                refused.sandbox.announcer.end()
                await self._set_aside(refused)
            sandbox.announcer.begin()
            place = self._kept[name] = self._placed(sandbox, terms, named=True)
        await self._make_room(but=place)
        return place

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        """Let other makers of a sandbox of this name wait until the `with` block is over."""
        finished = self._making[name] = asyncio.Event()
        try:
            yield
        finally:
            del self._making[name]
            finished.set()

    def _placed(self, sandbox: Sandbox, terms: Terms, *, named: bool) -> Place:
        span = terms.expires if terms.expires is not None else self._lives
        lives = None if span is None else span.total_seconds()
        return Place(sandbox, terms, named=named, lives=lives, used=self._now())

    def _check_room(self) -> None:
        """Raise TooManySandboxes when there is no room for one more, with those that are being made or are ending."""
        beside = self.used + len(self._provisional) + len(self._making) + len(self._leaving) + 1 - self.most
        if beside > 0:
            now = self._now()
            if sum(place.may_go(now) for place in self._kept.values()) < beside:
                raise TooManySandboxes(self.most)

    async def _make_room(self, *, but: Place) -> None:
        """Remove sandboxes that may go while there are too many, but not `but`, which was used just now."""
        while self.used > self.most:
            place = first_to_go((other for other in self._kept.values() if other is not but), self._now())
            if place is None:
                return
            await self._dismiss(place)

    async def _dismiss(self, place: Place) -> None:
        """Remove a sandbox: its webhooks end at once, everything else when the last request has left it."""
        del self._kept[place.name]
        place.sandbox.announcer.end()
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
