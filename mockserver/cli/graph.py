"""`mockserver graph`: draws the state machines of a provider's orders."""

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
    "--scenario", "names", metavar="NAME", multiple=True, help="A scenario to activate; earlier ones win. Repeatable."
)
def graph(provider: str, kind: str | None, form: str, directories: tuple[Path, ...], names: tuple[str, ...]) -> None:
    """Print the state machine of PROVIDER's orders as a Mermaid or DOT graph.

    With KIND only that kind of order, else every kind. The machine is that of the first --scenario that has one, else
    that of the default scenario.
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
    except Invalid as error:
        raise click.UsageError("; ".join(text for texts in error.errors.values() for text in texts)) from None
    except ScenarioProblems as problems:
        raise click.ClickException(str(problems.problems[0])) from None
    kinds = list(dict.fromkeys(machine.kind for machine in active_scenarios.machines()))
    if kind is not None and kind not in kinds:
        raise click.UsageError(f"{provider} has no orders of kind {kind!r} ({suggestion(kind, kinds)})")
    rows = next(load(source).settings for source in sources() if source.name == provider)
    settings = {row.name: row.default for row in rows} | active_scenarios.settings()
    for order_kind in [kind] if kind else kinds:
        machine = active_scenarios.machine(provider, order_kind)
        click.echo(dot(machine, settings) if form == "dot" else mermaid(machine, settings, notes=True), nl=False)
