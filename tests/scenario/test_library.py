"""The library: where it finds scenarios, which of two wins, and when it reads a file."""

from pathlib import Path

import pytest

from mockserver.resources import bundled
from mockserver.scenario import library as library_module
from mockserver.scenario.check import load_file, load_scenario
from mockserver.scenario.library import Library
from mockserver.scenario.problems import ScenarioProblems

TEXT = (
    "scenario: {name}\nprovider: {provider}\nabout: {about}\nmachine: {{kind: k, start: a, states: {{a: {state}}}}}\n"
)


def write(root: Path, provider: str, name: str, *, about: str = "x", state: str = "{final: true}") -> Path:
    path = root / provider / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(name=name, provider=provider, about=about, state=state), encoding="utf-8")
    return path


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write(ours, "acme", "quick", about="ours")
    write(ours, "acme", "slow", about="ours")
    write(ours, "other", "quick", about="ours")
    write(theirs, "acme", "slow", about="theirs")
    write(theirs, "acme", "mine", about="theirs")
    return [ours, theirs]


def test_trusted_files_of_providers_that_are_not_served_are_left_out(roots: list[Path]) -> None:
    library = Library(roots, providers=["other"], trusted=1)
    assert library.names("other") == ["quick"]
    assert [scenario.provider for scenario in library.find("quick")] == ["other"]
    with pytest.raises(ScenarioProblems, match="unknown provider 'acme'"):
        library.find("mine")


def test_later_roots_win_by_provider_and_name(roots: list[Path]) -> None:
    library = Library(roots)
    assert library.names() == ["mine", "quick", "slow"]
    assert library.names("other") == ["quick"]
    assert [scenario.about for scenario in library.find("slow")] == ["theirs"]
    assert [(scenario.provider, scenario.about) for scenario in library.find("quick")] == [
        ("acme", "ours"),
        ("other", "ours"),
    ]
    assert library.find("nothing") == []
    assert library.listing() == [
        ("acme", "mine", roots[1] / "acme" / "mine.yaml"),
        ("acme", "quick", roots[0] / "acme" / "quick.yaml"),
        ("acme", "slow", roots[1] / "acme" / "slow.yaml"),
        ("other", "quick", roots[0] / "other" / "quick.yaml"),
    ]


def test_the_default_is_quick(roots: list[Path]) -> None:
    library = Library(roots)
    assert library.default("other").name == "quick"
    with pytest.raises(KeyError, match="provider 'nobody' has no scenario 'quick'"):
        library.default("nobody")


def test_a_file_is_read_when_asked_for_and_once_for_all_overlays(
    roots: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, bool]] = []

    def noting(path: Path, *, check: bool, providers: tuple[str, ...], place: tuple[str, str]) -> object:
        read.append((path.stem, check))
        return load_file(path, check=check, providers=providers, place=place)

    monkeypatch.setattr(library_module, "load_file", noting)
    library = Library(roots, trusted=1)
    assert library.names()
    assert library.listing()
    assert read == []
    first = library.overlaid().default("acme")
    assert library.default("acme") is first
    assert library.overlaid().get("acme", "quick") is first
    library.find("mine")
    assert read == [("quick", False), ("mine", True)]


def test_only_trusted_roots_escape_the_full_check(tmp_path: Path) -> None:
    write(tmp_path / "ours", "acme", "odd", state="{}")
    write(tmp_path / "theirs", "acme", "bad", state="{}")
    library = Library([tmp_path / "ours", tmp_path / "theirs"], trusted=1)
    assert library.get("acme", "odd").name == "odd"
    with pytest.raises(ScenarioProblems, match="state 'a' is neither final nor left"):
        library.get("acme", "bad")


def test_a_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, "acme", "quick")
    (tmp_path / "acme" / "bad.yaml").write_text("{", encoding="utf-8")
    library = Library([tmp_path])
    assert library.names() == ["bad", "quick"]
    assert library.default("acme").name == "quick"
    with pytest.raises(ScenarioProblems):
        library.find("bad")


def test_a_file_must_hold_the_scenario_that_its_path_promises(tmp_path: Path) -> None:
    write(tmp_path, "acme", "quick").rename(tmp_path / "acme" / "slow.yaml")
    with pytest.raises(ScenarioProblems, match="scenario must be 'slow'"):
        Library([tmp_path]).find("slow")


def test_what_is_posted_to_an_overlay_stays_there(roots: list[Path]) -> None:
    library = Library(roots)
    child = library.overlaid()
    posted = load_scenario(
        TEXT.format(name="slow", provider="acme", about="posted", state="{final: true}"), source="posted.yaml"
    )
    child.add(posted)
    child.add(posted._replace(name="new"))
    assert [scenario.about for scenario in child.find("slow")] == ["posted"]
    assert child.names("acme") == ["mine", "new", "quick", "slow"]
    assert ("acme", "new", Path("posted.yaml")) in child.listing()
    assert [scenario.name for scenario in child.posted()] == ["slow", "new"]
    assert [scenario.about for scenario in library.find("slow")] == ["theirs"]
    assert library.find("new") == []
    assert library.posted() == []
    grandchild = child.overlaid()
    assert [scenario.about for scenario in grandchild.find("slow")] == ["posted"]
    grandchild.add(posted._replace(name="newer"))
    assert child.find("newer") == []


def test_a_posted_default_lies_over_the_file(roots: list[Path]) -> None:
    child = Library(roots).overlaid()
    child.add(child.default("acme")._replace(about="posted"))
    assert child.default("acme").about == "posted"
    assert child.default("other").about == "ours"


def test_every_bundled_scenario_passes_the_full_check() -> None:
    library = Library.of_providers([bundled("scenarios")])
    for provider, name, path in library.listing():
        assert load_file(path, check=True, place=(provider, name)) == library.get(provider, name)


def test_roots_that_are_missing_or_empty_hold_nothing(tmp_path: Path) -> None:
    assert Library([tmp_path, tmp_path / "nowhere"]).names() == []
