"""The scenarios that can be made active: files under roots, read when first asked for, and posted ones."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from mockserver.faults.model import Fault
from mockserver.scenario.check import Judge, load_file
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems

#: The scenario that lies under all others of its provider.
DEFAULT = "quick"
#: Provider and name.
Key = tuple[str, str]


class Library:
    """Scenarios by provider and name, from `<root>/<provider>/<name>.yaml`; later roots win.

    Files are read when first asked for and kept; whoever shares the library shares what was read. Directories
    are listed once. A file that cannot be used raises ScenarioProblems when it is asked for.
    """

    __slots__ = ("_files", "_posted", "_providers", "_read", "_roots")

    def __init__(self, roots: Sequence[Path], *, providers: Sequence[str] = (), trusted: int = 0) -> None:
        """The first `trusted` roots are not checked in full when read; their files have been by tests.

        `providers` are the names that may stand under `provider`; any may when it is empty.
        """
        self._providers = tuple(providers)
        self._roots = tuple(roots)
        self._files: dict[Key, tuple[Path, bool]] = {}
        self._read: dict[Key, Scenario] = {}
        self._posted: dict[Key, Scenario] = {}
        for number, root in enumerate(roots):
            for path in root.glob("*/*.yaml"):
                # Bundled files of providers that are not served would only be complained about.
                if number >= trusted or not self._providers or path.parent.name in self._providers:
                    self._files[path.parent.name, path.stem] = (path, number >= trusted)

    @classmethod
    def of_providers(
        cls, roots: Sequence[Path], extra_roots: Sequence[Path] = (), *, providers: Sequence[str] = ()
    ) -> "Library":
        """Return the library of the providers' own scenarios under `roots`, and over them those of `extra_roots`.

        Only the latter are checked in full: a provider's tests have checked its own.
        """
        return cls([*roots, *extra_roots], providers=providers, trusted=len(roots))

    def overlaid(self) -> "Library":
        """A library that shares the files and what was read of them, and begins with the same posted scenarios.

        What is added to it is seen by nobody else.
        """
        child = Library((), providers=self._providers)
        child._files = self._files
        child._read = self._read
        child._posted = dict(self._posted)
        return child

    def add(self, scenario: Scenario) -> None:
        """Put a posted scenario over whatever has its provider and name."""
        self._posted[scenario.provider, scenario.name] = scenario

    def is_posted(self, key: Key) -> bool:
        """Whether `add` put one over this provider's file of this name."""
        return key in self._posted

    def read_anew(self, key: Key, *, judge: Judge | None = None) -> Scenario | None:
        """The scenario as its file says now, not yet put to use; None when no root has such a file any more.

        Raises ScenarioProblems. Reads the disk: not for the event loop's thread.
        """
        path = self._path_now(key)
        if path is None:
            return None
        return load_file(path, providers=self._providers, place=key, judge=judge)

    def put_to_use(self, key: Key, scenario: Scenario | None) -> None:
        """Take what `read_anew` gave in place of what was read before, for all that share the files."""
        if scenario is None:
            self._files.pop(key, None)
            self._read.pop(key, None)
            return
        self._files[key] = (Path(scenario.source), True)
        self._read[key] = scenario

    def posted(self) -> list[Scenario]:
        """What `add` was given, in that order; later ones of a name in place of earlier ones."""
        return list(self._posted.values())

    def names(self, provider: str | None = None) -> list[str]:
        """The names of all scenarios, or of one provider's, sorted."""
        return sorted({name for owner, name in self._keys() if provider in (None, owner)})

    def listing(self) -> list[tuple[str, str, Path]]:
        """Provider, name and file of each, sorted; a posted one has the path that its `source` names."""
        return [
            (*key, Path(self._posted[key].source) if key in self._posted else self._files[key][0])
            for key in sorted(self._keys())
        ]

    def find(self, name: str) -> list[Scenario]:
        """The scenarios of this name, one for each provider that has it, by provider; none is an empty list."""
        return [self._load(key) for key in sorted(key for key in self._keys() if key[1] == name)]

    def get(self, provider: str, name: str) -> Scenario:
        """One scenario; raises KeyError with a sentence when the provider has none of this name."""
        if (provider, name) not in self._posted and (provider, name) not in self._files:
            raise KeyError(f"provider {provider!r} has no scenario {name!r}")
        return self._load((provider, name))

    def default(self, provider: str) -> Scenario:
        """The provider's `quick`; raises KeyError when it has none."""
        return self.get(provider, DEFAULT)

    def faults(self, provider: str) -> Iterator[Fault]:
        """Return the faults of all the provider's scenarios; each file is read when its turn comes."""
        for name in self.names(provider):
            with suppress(ScenarioProblems):  # a file that can't be used keeps nobody from the others
                yield from self.get(provider, name).faults

    def _path_now(self, key: Key) -> Path | None:
        provider, name = key
        paths = [root / provider / f"{name}.yaml" for root in reversed(self._roots)]
        return next((path for path in paths if path.is_file()), None)

    def _keys(self) -> set[Key]:
        return {*self._files, *self._posted}

    def _load(self, key: Key) -> Scenario:
        scenario = self._posted.get(key) or self._read.get(key)
        if scenario is None:
            path, check = self._files[key]
            scenario = load_file(path, check=check, providers=self._providers, place=key)
            self._read[key] = scenario
        return scenario
