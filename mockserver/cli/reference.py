"""`mockserver reference`: prints the pages of the documentation that are made from the code."""

from collections.abc import Callable, Mapping

import click

_FILES = "files"


def _files() -> str:
    from mockserver.scenario.reference import reference

    return reference()


def _library() -> str:
    from mockserver.cli.documents import library_page

    return library_page()


def _settings() -> str:
    from mockserver.cli.documents import settings_page

    return settings_page()


def _control() -> str:
    from mockserver.cli.documents import control_page

    return control_page()


def _configuration() -> str:
    from mockserver.cli.documents import configuration_page

    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)
    return configuration_page(group)


#: The pages by the argument that names them; each module is imported only when its page is printed.
PAGES: Mapping[str, Callable[[], str]] = {
    _FILES: _files,
    "library": _library,
    "settings": _settings,
    "control": _control,
    "configuration": _configuration,
}


@click.command("reference")
@click.argument("page", default=_FILES, metavar="[PAGE]", type=click.Choice(list(PAGES)))
@click.option("--schema", "as_schema", is_flag=True, help="Print the JSON Schema of scenario files, for editors.")
def reference(page: str, *, as_schema: bool) -> None:
    """Print a reference page as Markdown.

    The pages: files (the keys of a scenario file), library (the bundled scenarios), settings (of a sandbox),
    control (the operations of the control API), configuration (flags, variables and commands).
    """
    if not as_schema:
        click.echo(PAGES[page]().rstrip("\n"))
        return
    import json

    from mockserver.scenario.schema import scenario_schema

    if page != _FILES:
        raise click.UsageError(f"--schema belongs to the page {_FILES}, not to {page}")
    click.echo(json.dumps(scenario_schema(), indent=2))
