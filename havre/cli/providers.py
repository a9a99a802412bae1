"""`havre providers`: who is installed, and what each can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli.context import JsonOption, folder_at
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.capabilities import Capability
    from havre.provider import Installed, Provider


def _described(found: Installed) -> dict[str, Any]:
    provider = found.provider
    who = {
        "name": found.name,
        "distribution": found.distribution,
        "contract": found.contract,
    }
    if provider is None:
        return {**who, "error": found.error, "remedy": found.remedy}
    return {
        **who,
        "options": _options(provider),
        "limits": _limits(provider),
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


def _options(provider: Provider) -> dict[str, dict[str, str]]:
    """By option of the contract, how far the provider offers it."""
    from havre.provider import OPTIONS, provides

    offers = {option.member: provides(provider, option).answer for option in OPTIONS}
    return {
        member: {"support": answer.support.value, "reason": answer.reason}
        for member, answer in offers.items()
    }


def _limits(provider: Provider) -> dict[str, dict[str, Any]]:
    """By name, the limits that the provider states."""
    from havre.provider import LIMITS, provides

    return {
        name: {
            "value": limit.value,
            "unit": limit.unit,
            "source": limit.evidence.source,
            "read_on": limit.evidence.read_on.isoformat(),
        }
        for name, limit in provides(provider, LIMITS).or_else({}).items()
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
    console.out().print("`havre providers CAPABILITY` shows when native is due.", style="dim")
    _reasons(able)


def _reasons(able: list[Provider]) -> None:
    for provider in able:
        operator = provider.operator
        laws = ", ".join(operator.laws) or "none of its own"
        console.tell("")
        console.tell(f"[bold]{console.inert(provider.name)}[/]: {console.inert(operator.entity)}")
        console.tell(f"laws: {console.inert(laws)}", 2)
        for capability, answer in provider.capabilities.items():
            if answer.reason:
                why = console.inert(answer.reason)
                console.tell(f"{capability.value} ({answer.support.value}): {why}", 2)
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


def _capability(name: str) -> Capability:
    """The capability of that name.

    Raises:
        InputError: there is none.
    """
    import difflib

    from havre.capabilities import Capability

    try:
        return Capability(name)
    except ValueError:
        close = difflib.get_close_matches(name, list(Capability), n=1)
        hint = f"Did you mean `{close[0]}`?" if close else "`havre providers` lists them."
        message = f"Unknown capability `{name}`."
        raise InputError(message, hint) from None


def _one(capability: Capability, found: list[Installed]) -> None:
    """When `native` is due for a capability, and what each provider answers."""
    from havre.capabilities import NATIVE_WHEN

    console.tell(f"[bold]{capability.value}[/]")
    console.tell(f"Native when: {NATIVE_WHEN[capability]}")
    for provider in (entry.provider for entry in found if entry.provider):
        answer = provider.capabilities.get(capability)
        why = f": {answer.reason}" if answer and answer.reason else ""
        console.tell(console.inert(f"{provider.name}: {_cell(provider, capability)}{why}"), 2)


def _all(found: list[Installed]) -> dict[str, Any]:
    """Everything, as JSON-ready values."""
    from havre.capabilities import NATIVE_WHEN

    meanings = {capability.value: {"native_when": due} for capability, due in NATIVE_WHEN.items()}
    return {"capabilities": meanings, "providers": [_described(entry) for entry in found]}


def providers(
    capability: Annotated[
        str | None,
        typer.Argument(
            metavar="CAPABILITY",
            help="Show when native is due for it, and each answer.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the providers installed and what each can do.

    Example: havre providers object-lock
    """
    from havre.provider import installed

    asked = _capability(capability) if capability else None
    found = installed()
    if as_json:
        console.write_json(_all(found))
        return
    if asked:
        _one(asked, found)
        return
    if not found:
        console.out().print("No provider is installed. Try: pip install 'havre[local]'")
        return
    _table(found)
    for entry in found:
        if entry.error:
            console.err().print(
                f"[bold red]broken:[/] {console.inert(entry.name)} "
                f"({console.inert(entry.distribution)}): {console.inert(entry.error)}\n"
                f"  {console.inert(entry.remedy)}"
            )


def init(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the provider, such as acme.")
    ],
    folder: Annotated[
        Path,
        typer.Option(
            "--dir",
            metavar="DIR",
            help="Where to create havre-NAME.",
            callback=folder_at("--dir"),
        ),
    ] = Path(),
    *,
    as_json: JsonOption = False,
) -> None:
    """Write a skeleton distribution for a new provider.

    Example: havre provider init acme --dir ..
    """
    import datetime as dt

    from havre.provider.skeleton import write_skeleton

    written = write_skeleton(name, folder, dt.datetime.now(dt.UTC).date())
    if as_json:
        console.write_json({"files": [str(path) for path in written]})
        return
    root = folder / f"havre-{name}"
    typer.echo(f"Wrote {len(written)} files to {root}. Its README.md says what to fill in.")
    typer.echo(f"  install it:  pip install -e '{root}[test]'")
    typer.echo(f"  test it:     python -m pytest {root}")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("providers")(providers)
    provider = typer.Typer(
        help="Write the skeleton of a new provider.", no_args_is_help=True, rich_markup_mode=None
    )
    provider.command("init")(init)
    app.add_typer(provider, name="provider")
