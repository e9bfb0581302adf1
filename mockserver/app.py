"""The one ASGI app: it hands each request to a sandbox's provider or to the control API, and owns what they need."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import __version__
from mockserver.certificates.names import LOCAL
from mockserver.certificates.server import ServerCertificates
from mockserver.clockwork.clock import machine_now
from mockserver.config import DRAINING, LISTENING, STOPPING, Settings, is_loopback
from mockserver.domain.moments import to_micros
from mockserver.events.feed import Feed
from mockserver.http.body import Disconnected
from mockserver.http.heads import REFUSED
from mockserver.http.origin import ORIGINS, Origins
from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.http.service import ACCEPTED
from mockserver.http.way_in import way_in_of
from mockserver.journal.budget import Budget
from mockserver.lifespan import live
from mockserver.listener.options import ListenerOptions
from mockserver.mounts import Mounts, well_known
from mockserver.providers.discovery import all_providers, check_declarations, data_roots
from mockserver.sandbox.config import Population, SandboxConfig, ServerContext
from mockserver.sandbox.credentials import is_sealed
from mockserver.sandbox.sandbox import Sandbox
from mockserver.sandbox.sandboxes import DEFAULT, Sandboxes
from mockserver.sandbox.settings import COMMON
from mockserver.saved_state import restore_state, save_state
from mockserver.scenario.library import Library
from mockserver.webhooks.model import Delivery, Outcome

if TYPE_CHECKING:
    from mockserver.control.problems import Problem
    from mockserver.events.access_log import AccessLog
    from mockserver.http.history import History
    from mockserver.scenario.check import Judge
    from mockserver.webhooks.dispatcher import Dispatcher
    from mockserver.webhooks.targets import TargetGuard

log = logging.getLogger("mockserver")


class App:
    """Routes every request to a provider in a sandbox or to the control API; owns what they need.

    The control API and the sending of webhooks are imported when first needed, so that a start does not pay.
    """

    def __init__(
        self,
        settings: Settings,
        providers: Sequence[Provider] | None = None,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an app. `providers` are by default all that are installed. `ticks` returns real seconds, for expiry.

        Raises ProviderProblem for an installed provider that cannot be used.
        """
        found = providers is None
        providers = all_providers() if providers is None else providers
        self._settings = settings
        self._started = machine_now()
        self._providers = {provider.name: provider for provider in providers}
        #: Whether the start has come past reading a snapshot; before, the file of --state is not overwritten.
        self._restored = False
        self._dispatcher: Dispatcher | None = None
        #: Addresses and ports that are listened on; empty where another server (such as uvicorn) runs the application.
        self._listening: Sequence[tuple[str, int]] = ()
        self._control: ASGIApp | None = None
        self._watching: asyncio.Task[None] | None = None
        self._sweeping: asyncio.Task[None] | None = None
        schemas = self._schemas = SchemaStore(*data_roots("schemas", providers))
        library = Library.of_providers(
            data_roots("scenarios", providers), settings.scenarios, providers=list(self._providers)
        )
        if found:
            check_declarations(providers, schemas, library)
        rows = (*COMMON, *(row for provider in providers for row in provider.settings))
        shared = self.shared = ServerContext(
            provider_rules={provider.name: provider.rules for provider in providers},
            library=library,
            rows=rows,
            sender=self.deliver,
            populate=self._populate,
            budget=Budget(settings.max_log_bytes),
            feed=Feed(
                begin=to_micros(self._started),
                currencies={provider.name: provider.rules.currency for provider in providers},
            ),
            journal_size=settings.journal_size,
        )
        birth = SandboxConfig(
            seed=settings.seed,
            start=settings.start,
            rate=settings.clock.rate,
            settings={"rate_limits": settings.rate_limits},
        )
        self.sandboxes = Sandboxes(
            birth,
            shared,
            most=settings.max_sandboxes,
            lives=settings.sandbox_lifetime,
            makes_unknown=settings.unknown_sandbox == "create",
            now=ticks,
        )
        #: For the listener, the control API and webhooks; it makes and reads nothing before its first use.
        self.certificates = ServerCertificates(
            (host for provider in providers for host in provider.hosts),
            tls_names=settings.tls_name,
            directory=settings.ca_dir,
        )
        self._mounts = Mounts(providers, schemas)
        self._unnamed = settings.sandbox
        self._origins = Origins(settings.public_url, settings.trust_forwarded, self._mounts.hosts)
        self._draining: asyncio.Event | None = None
        self._stopping: asyncio.Event | None = None
        self._ending: asyncio.Task[None] | None = None
        self._access_log: AccessLog | None = None

    @property
    def listener_options(self) -> ListenerOptions:
        """The options of the listener in front of this application."""
        if self._settings.tls == "off":
            return ListenerOptions()
        return ListenerOptions(
            hosts=frozenset(self.certificates.names()).difference(LOCAL),
            certificates=self.certificates,
            passthrough=self._settings.passthrough,
        )

    async def startup(self) -> None:
        """Make the default sandbox, from a snapshot where settings name one that exists.

        Raises ScenarioProblems and Invalid for wrong settings, StateRefused for a snapshot that cannot be restored.
        """
        birth, path = self.sandboxes.birth, self._settings.state
        restored = path is not None and (path.exists() or not self._settings.save_on_exit)
        if self._settings.populate and not restored:
            birth = birth._replace(population=Population(orders=self._settings.populate))
        sandbox = await self.sandboxes.make_default(birth)
        self._sweeping = asyncio.ensure_future(self.sandboxes.keep_sweeping())
        if self._settings.access_log in ("human", "json"):
            self._access_log = self._made_access_log(self._settings.access_log)
        if self._stopping is not None:
            self._ending = asyncio.ensure_future(self._end_streams(self._stopping))
        if path is not None and restored:
            await restore_state(sandbox, path)
        if path is not None and self._settings.save_on_exit:
            from mockserver.sandbox.safefile import sweep

            await asyncio.to_thread(sweep, path)
        self._restored = True
        if self._settings.watch:
            from mockserver.sandbox.reloading import begin_watching, keep_reloading

            watcher = begin_watching(self._settings.scenarios, self.shared)
            say = log.warning if self._settings.log_format == "json" else _print_to_stderr
            self._watching = asyncio.ensure_future(
                keep_reloading(watcher, self.shared, self.sandboxes, judge=self._judge(), say=say)
            )

    async def shutdown(self) -> None:
        """End everything that runs by itself, and save the default sandbox where settings say so.

        Raises StateNotSaved where it could not be saved, after everything has ended.
        """
        self.shared.feed.end()
        tasks = [task for task in (self._watching, self._sweeping, self._ending) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._access_log is not None:
            self._access_log.close()
        try:
            path, sandbox = self._settings.state, self.sandboxes.known(DEFAULT)
            if path is not None and sandbox is not None and self._settings.save_on_exit and self._restored:
                await save_state(sandbox, path)
        finally:
            await self.sandboxes.close()
            if self._dispatcher is not None:
                await self._dispatcher.close()

    def _made_access_log(self, form: Literal["human", "json"]) -> "AccessLog":
        from mockserver.events.access_log import AccessLog
        from mockserver.events.colours import may_colour

        colour = may_colour(sys.stderr, os.environ)
        return AccessLog(self.shared.feed, _write, machine_now, form=form, colour=colour)

    async def _end_streams(self, stopping: asyncio.Event) -> None:
        """Let streams end as soon as the server stops: it would cut them off otherwise."""
        await stopping.wait()
        self.shared.feed.end()

    def describe(self) -> list[tuple[str, str]]:
        """Return each provider's name and the path of its base URL, for the banner."""
        mounts = {name: provider.mounts[0] for name, provider in self._providers.items()}
        return [(name, f"/{mount.host}{mount.prefix}") for name, mount in mounts.items()]

    def credentials(self) -> dict[str, list[str]]:
        """Return each provider's documented credentials, for the banner; their parts are joined by ` / `."""
        sandbox = self.sandboxes.known(DEFAULT)
        if sandbox is None:
            return {}
        return {
            name: [
                " / ".join(seed.credentials.values())
                for seed in sandbox.state.active_scenarios.accounts(name)
                if not is_sealed(seed)
            ]
            for name in self._providers
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or start and stop with the server."""
        if scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except Disconnected:
                return
            except Exception as error:
                from mockserver.control.problems import problem_of, send_problem

                problem = problem_of(error)
                if problem is None:
                    raise
                await send_problem(send, problem)
        elif scope["type"] == "lifespan":
            state = scope.get("state", {})
            self._listening = state.get(LISTENING, ())
            self._draining = state.get(DRAINING)
            self._stopping = state.get(STOPPING)
            await live(self.startup, self.shutdown, receive, send, stopping=self._stopping)
        else:
            raise RuntimeError(f"{scope['type']} is not served")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = well_known(scope["path"])
        scope[ORIGINS] = self._origins
        name, prefix = way_in_of(scope).sandbox or self._unnamed, ""
        if path.startswith("/~"):
            name, slash, rest = path[2:].partition("/")
            prefix, path = f"/~{name}", slash + rest
        if path == "/_mock" or path.startswith("/_mock/"):
            scope["path"] = path
            scope["mock.sandbox_name"] = name
            await (self._control or self._made_control())(scope, receive, send)
            return
        routed = self._mounts.route(path, scope)
        if routed is None:
            raise scope.get(REFUSED) or self._nothing_here(path)
        service, inside, own = routed
        scope["path"] = own
        scope["root_path"] = ""
        if name == DEFAULT and self.sandboxes.default is not None:
            scope["mock.arrival"] = (self.sandboxes.default, prefix + inside)
            await service(scope, receive, send)
            return
        place = await self.sandboxes.enter(name)
        scope["mock.arrival"] = (place.sandbox, prefix + inside)
        try:
            await service(scope, receive, send)
        finally:
            await self.sandboxes.leave(place, accepted=ACCEPTED in scope)

    def _judge(self) -> "Judge":
        from mockserver.http.lint import judge_of
        from mockserver.sandbox.settings import SettingsTable

        table = SettingsTable(self.shared.rows)
        return judge_of(self._providers.get, table, self._schemas, self.shared.library)

    def _made_control(self) -> ASGIApp:
        from mockserver.control.app import ControlApp
        from mockserver.control.operation import Server
        from mockserver.sandbox.settings import SettingsTable

        settings = SettingsTable(self.shared.rows)
        server = Server(
            self.sandboxes,
            self._providers,
            self._schemas,
            __version__,
            self._started,
            settings,
            self._judge(),
            self._objection,
            self._populate,
            self.shared.budget,
            self.shared.journal_size,
            self.shared.feed,
            self.certificates.ca_certificate,
            is_draining=lambda: self._draining is not None and self._draining.is_set(),
        )
        self._control = ControlApp(server, token=self._settings.token)
        return self._control

    def _nothing_here(self, path: str) -> "Problem":
        from mockserver.control.problems import Problem

        bases = [path for _, path in self.describe()]
        return Problem(404, f"nothing is served at {path[:200]!r}", base_paths=bases, control="/_mock")

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Send the delivery to its receiver, once."""
        if self._dispatcher is None:
            from mockserver.webhooks.dispatcher import Dispatcher
            from mockserver.webhooks.trust import Trust

            trust = Trust(self._settings.webhook_ca, self.certificates.known_ca)
            self._dispatcher = Dispatcher(self._made_guard(), verify=trust)
        return await self._dispatcher.attempt(url=delivery.url, body=delivery.body.encode(), headers=delivery.headers)

    async def _objection(self, url: str) -> str | None:
        """Return why no webhook can arrive at this URL, None where one can."""
        from mockserver.webhooks.objections import objection_to

        return await objection_to(self._made_guard(), url)

    def _made_guard(self) -> "TargetGuard":
        from mockserver.webhooks.targets import TargetGuard

        hosts = [host for host, _ in self._listening] or [self._settings.host]
        return TargetGuard(
            frozenset(self._settings.webhook_hosts),
            loopback=all(map(is_loopback, hosts)),
            own=self._listening,
        )

    async def _populate(self, sandbox: Sandbox, population: Population, until: datetime) -> "History":
        from mockserver.http.history import populate

        return await populate(sandbox, population, self._providers, until=until)


def _write(lines: str) -> None:
    sys.stderr.write(lines)
    sys.stderr.flush()


def _print_to_stderr(line: str) -> None:
    """Print a line without a log's prefix: editors read file and line at its beginning."""
    print(line, file=sys.stderr, flush=True)


def create_app(settings: Settings | None = None, **more: Any) -> App:
    """Return the app for these settings, or for the defaults with some of them given by name."""
    return App(settings if settings is not None else Settings(**more))
