"""The scenarios that can be made active: files below directories, read when first used, and posted scenarios."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from mockserver.faults.model import Fault
from mockserver.scenario.check import Judge, load_file
from mockserver.scenario.model import Scenario
from mockserver.scenario.problems import ScenarioProblems

#: The scenario that is always in force, below all others of its provider.
DEFAULT = "quick"
#: Provider and name.
Key = tuple[str, str]


class Library:
    """Scenarios by provider and name, from `<root>/<provider>/<name>.yaml`; later roots win.

    Files are read when first used and kept, also for all overlays of the library. Directories are listed once. A file
    that cannot be used raises ScenarioProblems when it is first used.
    """

    __slots__ = ("_files", "_posted", "_providers", "_read", "_roots")

    def __init__(self, roots: Sequence[Path], *, providers: Sequence[str] = (), trusted: int = 0) -> None:
        """List the files. Those of the first `trusted` roots are not checked in full: tests have checked them.

        `providers` are the allowed values of `provider`; every name is allowed when it is empty.
        """
        self._providers = tuple(providers)
        self._roots = tuple(roots)
        self._files: dict[Key, tuple[Path, bool]] = {}
        self._read: dict[Key, Scenario] = {}
        self._posted: dict[Key, Scenario] = {}
        for number, root in enumerate(roots):
            for path in root.glob("*/*.yaml"):
                # Bundled files of providers that are not served would only cause errors.
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
        """Return a library that shares the files and scenarios read, and starts with the same posted scenarios.

        Scenarios that are posted to it are in no other library.
        """
        child = Library((), providers=self._providers)
        child._files = self._files
        child._read = self._read
        child._posted = dict(self._posted)
        return child

    def add(self, scenario: Scenario) -> None:
        """Add a posted scenario; it hides any other of its provider and name."""
        self._posted[scenario.provider, scenario.name] = scenario

    def is_posted(self, key: Key) -> bool:
        """Return whether a scenario of this provider and name was posted."""
        return key in self._posted

    def read_anew(self, key: Key, *, judge: Judge | None = None) -> Scenario | None:
        """Return the scenario that its file holds now, without using it yet; None when there is no such file any more.

        Raises ScenarioProblems. It reads the disk, so call it in a thread.
        """
        path = self._path_now(key)
        if path is None:
            return None
        return load_file(path, providers=self._providers, place=key, judge=judge)

    def put_to_use(self, key: Key, scenario: Scenario | None) -> None:
        """Replace a scenario read before with the result of `read_anew`, for all libraries that share the files."""
        if scenario is None:
            self._files.pop(key, None)
            self._read.pop(key, None)
            return
        self._files[key] = (Path(scenario.source), True)
        self._read[key] = scenario

    def posted(self) -> list[Scenario]:
        """Return the posted scenarios in the order of their first posting."""
        return list(self._posted.values())

    def names(self, provider: str | None = None) -> list[str]:
        """Return the names of all scenarios, or of one provider's, sorted."""
        return sorted({name for owner, name in self._keys() if provider in (None, owner)})

    def listing(self) -> list[tuple[str, str, Path]]:
        """Return provider, name and file of each scenario, sorted; of a posted one, the path in its `source`."""
        return [
            (*key, Path(self._posted[key].source) if key in self._posted else self._files[key][0])
            for key in sorted(self._keys())
        ]

    def find(self, name: str) -> list[Scenario]:
        """Return the scenarios of this name, sorted by provider; an empty list where there are none."""
        return [self._load(key) for key in sorted(key for key in self._keys() if key[1] == name)]

    def get(self, provider: str, name: str) -> Scenario:
        """Return one scenario; raises KeyError with a sentence when the provider has none of this name."""
        if (provider, name) not in self._posted and (provider, name) not in self._files:
            raise KeyError(f"provider {provider!r} has no scenario {name!r}")
        return self._load((provider, name))

    def default(self, provider: str) -> Scenario:
        """Return the provider's `quick`; raises KeyError when it has none."""
        return self.get(provider, DEFAULT)

    def faults(self, provider: str) -> Iterator[Fault]:
        """Yield the faults of all the provider's scenarios; each file is read only when its faults are reached."""
        for name in self.names(provider):
            with suppress(ScenarioProblems):  # one bad file does not hide the faults of the others
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
