"""`havre providers`: who is installed, and what each can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.cli import console
from havre.cli.context import JsonOption

if TYPE_CHECKING:
    import typer

    from havre.provider import Installed, Provider


def _described(found: Installed) -> dict[str, Any]:
    provider = found.provider
    if provider is None:
        return {"name": found.name, "distribution": found.distribution, "error": found.error}
    return {
        "name": found.name,
        "distribution": found.distribution,
        "operator": {
            "entity": provider.operator.entity,
            "country": provider.operator.country,
            "laws": list(provider.operator.laws),
        },
        "sites": [provider.sites[name].as_dict() for name in sorted(provider.sites)],
        "capabilities": {
            capability.value: {"support": answer.support.value, "reason": answer.reason}
            for capability, answer in provider.capabilities.items()
        },
    }


def _cell(provider: Provider, capability: Any) -> str:
    answer = provider.capabilities.get(capability)
    return answer.support.value if answer else "unknown"


def _table(found: list[Installed]) -> None:
    from rich.table import Table

    from havre.provider import Capability

    able = [entry.provider for entry in found if entry.provider]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("capability")
    for provider in able:
        table.add_column(console.inert(provider.name))
    for capability in Capability:
        table.add_row(capability.value, *(_cell(provider, capability) for provider in able))
    console.out().print(table)
    _reasons(able)


def _reasons(able: list[Provider]) -> None:
    out = console.out()
    for provider in able:
        operator = provider.operator
        laws = ", ".join(operator.laws) or "none of its own"
        out.print(f"\n[bold]{console.inert(provider.name)}[/]: {console.inert(operator.entity)}")
        out.print(f"  laws: {console.inert(laws)}")
        for capability, answer in provider.capabilities.items():
            if answer.reason:
                out.print(
                    f"  {capability.value} ({answer.support.value}): {console.inert(answer.reason)}"
                )
        _sites(provider)


def _sites(provider: Provider) -> None:
    """Where a warehouse can stand, and what to know before choosing."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("site", "country", "zones", "pair", "to know"):
        table.add_column(column)
    for name in sorted(provider.sites):
        site = provider.sites[name]
        told = (site.name, site.country or "?", str(site.zones), site.pair or "-")
        table.add_row(*map(console.inert, (*told, "; ".join(site.restrictions))))
    if table.row_count:
        console.out().print(table)


def providers(*, as_json: JsonOption = False) -> None:
    """Show the providers installed and what each can do.

    Example: havre providers --json
    """
    from havre.provider import installed

    found = installed()
    if as_json:
        console.write_json({"providers": [_described(entry) for entry in found]})
        return
    if not found:
        console.out().print("No provider is installed. Try: pip install 'havre[local]'")
        return
    _table(found)
    for entry in found:
        if entry.error:
            console.err().print(
                f"[bold red]broken:[/] {console.inert(entry.name)} "
                f"({console.inert(entry.distribution)}): {console.inert(entry.error)}"
            )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("providers")(providers)
