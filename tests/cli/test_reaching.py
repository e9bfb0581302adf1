"""The files for clients where a user has no directory for them."""

from pathlib import Path

import click
import platformdirs
import pytest
import trustme

from mockserver.cli.reaching import files_for, files_while
from mockserver.config import Settings


@pytest.fixture(autouse=True)
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_state_path", nowhere)


def test_a_command_has_them_in_a_temporary_directory() -> None:
    with files_while(trustme.CA().cert_pem.bytes(), Settings()) as files:
        assert files.bundle.is_file()
    assert not files.bundle.exists()


def test_a_shell_is_told_to_choose_a_directory() -> None:
    with pytest.raises(click.ClickException, match="choose one with --ca-dir"):
        files_for(b"", Settings())
