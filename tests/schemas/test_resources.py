"""The bundled directories of scenarios and schemas."""

from pathlib import Path

import pytest

from mockserver import resources


def test_a_checkout_has_its_data_beside_the_package() -> None:
    assert (resources.bundled("schemas") / "daisysim").is_dir()
    assert resources.bundled("scenarios").is_dir()


@pytest.mark.parametrize("place", ["mockserver/schemas", "schemas"])
def test_data_is_found_in_a_wheel_and_beside_the_package(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / place).mkdir(parents=True)
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "mockserver" / "resources.py"))
    assert resources.bundled("schemas") == tmp_path / place


def test_an_installation_without_data_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "mockserver" / "resources.py"))
    with pytest.raises(FileNotFoundError, match="bundled scenarios are neither at"):
        resources.bundled("scenarios")


def test_nothing_else_is_bundled() -> None:
    with pytest.raises(ValueError, match="nothing is bundled under 'secrets'"):
        resources.bundled("secrets")
