"""`mockserver graph`: the life cycles of a provider's orders, drawn."""

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("provider")
@click.argument("kind", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--scenarios",
    "directories",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A directory of scenario files of your own. Repeatable.",
)
@click.option(
    "--scenario", "names", metavar="NAME", multiple=True, help="An active scenario, first things first. Repeatable."
)
def graph(provider: str, kind: str | None, form: str, directories: tuple[Path, ...], names: tuple[str, ...]) -> None:
    """Print the state machine of PROVIDER's orders as a Mermaid or DOT graph.

    With KIND only that kind of order, else all of them. It is the machine of the default scenario, or of the first
    --scenario that has one.
    """
    from mockserver.domain.errors import Invalid
    from mockserver.domain.suggestions import suggestion
    from mockserver.providers.discovery import load
    from mockserver.providers.sources import provider_names, source_roots, sources
    from mockserver.sandbox.active_scenarios import in_force
    from mockserver.scenario.drawing import dot, mermaid
    from mockserver.scenario.library import Library
    from mockserver.scenario.problems import ScenarioProblems

    known = provider_names()
    if provider not in known:
        raise click.UsageError(f"unknown provider {provider!r} ({suggestion(provider, known)})")
    library = Library.of_providers(source_roots("scenarios", [provider]), directories, providers=known)
    try:
        active_scenarios = in_force(library, names, [provider])
    except Invalid as invalid:
        raise click.UsageError(str(invalid)) from None
    except ScenarioProblems as problems:
        raise click.ClickException(str(problems.problems[0])) from None
    kinds = list(dict.fromkeys(machine.kind for machine in active_scenarios.machines()))
    if kind is not None and kind not in kinds:
        raise click.UsageError(f"{provider} has no orders of kind {kind!r} ({suggestion(kind, kinds)})")
    rows = next(load(source).settings for source in sources() if source.name == provider)
    settings = {row.name: row.default for row in rows} | active_scenarios.settings()
    for each in [kind] if kind else kinds:
        machine = active_scenarios.machine(provider, each)
        click.echo(dot(machine, settings) if form == "dot" else mermaid(machine, settings, notes=True), nl=False)
