"""What several commands share: the spec, the provider, the settings, the data folder."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.errors import InputError, ProviderError
from havre.provider.machine import folder_setting
from havre.stack.standing import (
    Standing,
    in_export,
    in_folder,
    record_path,
    settings_in_plan,
    state_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import BaseModel

    from havre.engine import Engine, StateStore
    from havre.plan import Plan
    from havre.provider import Operations, Provider
    from havre.spec import Warehouse
    from havre.spec.load import Lines

WAREHOUSE_FILE = "warehouse.yaml"
"""Name of a warehouse file where a folder is named."""


def file_in(name: str) -> Callable[[Path | None], Path | None]:
    """What takes the file of that name where a user names its folder.

    Raises, when called:
        InputError: the folder has no such file.
    """

    def taken(given: Path | None) -> Path | None:
        if given is None or not given.is_dir():
            return given
        if (found := given / name).is_file():
            return found
        message = f"{given} is a folder, and has no {name}"
        raise InputError(message, f"Name a file, such as {given / 'FILE.yaml'}.")

    return taken


_SHARED = stat.S_ISVTX | stat.S_IWOTH
"""Mode of a folder in which everyone writes and nobody removes what is another's."""


def folder_at(option: str = "") -> Callable[[Path | None], Path | None]:
    """What takes the folder of an option, or of an argument; it need not exist.

    Raises, when called:
        InputError: a file is there, or in the place of a folder above it; or it is one for all
            users, such as `/tmp`.
    """

    def taken(given: Path | None) -> Path | None:
        if given is None:
            return None
        folder = given.expanduser()
        there = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
        shared = there == folder and there.is_dir() and there.stat().st_mode & _SHARED == _SHARED
        if not shared and (there.is_dir() or not os.path.lexists(there)):
            return given
        what = "is a file" if there.is_file() else "is not a folder"
        if shared:
            what = "is a folder for all users"
        own = " of your own" if shared else ""
        remedy = f"Name a folder{own} with {option}." if option else f"Name a folder{own}."
        message = f"{there} {what}"
        raise InputError(message, remedy)

    return taken


def refuse_replacing(out: Path) -> None:
    """Refuse to write where something is: evidence and secrets replace nothing.

    Args:
        out: what `--out` names.

    Raises:
        InputError: something is there, or a link.
    """
    if os.path.lexists(out):
        message = f"--out: {out} already exists and was not changed"
        raise InputError(message, "Name another file.")


FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="The warehouse file.",
        show_default=False,
        callback=file_in(WAREHOUSE_FILE),
    ),
]
FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE",
        help=f"The files; by default {WAREHOUSE_FILE}.",
        callback=lambda given: [file_in(WAREHOUSE_FILE)(each) for each in given or ()],
    ),
]
ProviderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        "-p",
        metavar="PROVIDER",
        help="The provider; by default what the folder names.",
        show_default=False,
    ),
]
SettingOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the provider; repeatable."),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        envvar="HAVRE_DATA_DIR",
        help="The warehouse's folder on this machine.",
        show_default=False,
        callback=folder_at("--data-dir"),
    ),
]
StackOption = Annotated[
    str,
    typer.Option("--stack", metavar="NAME", help="Name of the stack; by default as the provider."),
]
StackConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--stack-config",
        metavar="FILE",
        help="A Pulumi stack file whose settings are taken.",
        show_default=False,
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Read the output of `pulumi stack export` instead of a folder.",
        show_default=False,
    ),
]
NoStateOption = Annotated[Path | None, typer.Option("--state", metavar="FILE", hidden=True)]
"""As `StateOption`, for commands that an exported state cannot serve: they say what to use."""
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")]


def data_home() -> Path:
    """Where warehouses stand unless told otherwise: /var/lib for root, else XDG's data home."""
    if os.geteuid() == 0:
        return Path("/var/lib/havre")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "havre"


def absolute(data_dir: Path | None, warehouse: str) -> Path:
    """The data folder given, or the default one of a warehouse; absolute."""
    return (data_dir or data_home() / warehouse).expanduser().absolute()


def read_in(data_dir: Path | None, controls: Path | None = None) -> tuple[Path, ...]:
    """What is read in a warehouse's folder and in one of controls: files, and folders of them."""
    from havre.policy.own import files_of

    state = () if data_dir is None else (state_path(data_dir.expanduser()).parent,)
    return (*state, *files_of(controls))


def standing(data_dir: Path | None, state: Path | None, command: str) -> Standing:
    """The warehouse that a command is about.

    Args:
        data_dir: its folder, by option or environment.
        state: its exported state; it goes before `data_dir`.
        command: that needs it, such as `status`.

    Raises:
        InputError: none is named and there is not exactly one in the default place.
    """
    if state is not None:
        return in_export(state.expanduser())
    if data_dir is not None:
        return in_folder(data_dir.expanduser().absolute())
    home = data_home()
    found = sorted(path for path in home.glob("*") if record_path(path).is_file())
    if len(found) != 1:
        message = (
            f"several warehouses are in {home}: {', '.join(map(str, found))}"
            if found
            else f"no warehouse is in {home}"
        )
        elsewhere = "" if found else f" If Pulumi deployed it elsewhere: {ELSEWHERE[command]}"
        raise InputError(message, f"Name its folder with --data-dir DIR.{elsewhere}")
    return in_folder(found[0])


def parse_settings(pairs: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` pairs as a mapping.

    Raises:
        InputError: one is no such pair.
    """
    settings: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            message = f"--set {pair}: not of the form NAME=VALUE"
            raise InputError(message, "For example: --set country=FR")
        settings[name] = value
    return settings


@dataclass(frozen=True)
class Target:
    """A warehouse on a provider, as the commands see it."""

    spec: Warehouse
    provider: Provider
    settings: BaseModel
    data_dir: Path
    stack: str
    placeholders: tuple[str, ...] = ()
    lines: Lines | None = None


def target(
    file: Path,
    provider: str,
    pairs: list[str] | None,
    data_dir: Path | None,
    stack: str = "",
    *,
    stack_config: Path | None = None,
    offline: bool = False,
    deploys: bool = False,
    rehearses: bool = False,
) -> Target:
    """Read the file, find the provider and validate its settings.

    Args:
        file: the warehouse file.
        provider: name of the provider.
        pairs: settings as `NAME=VALUE`; they go before those of `stack_config`.
        data_dir: the data folder, for a provider on this machine.
        stack: name of the stack; the provider's where empty.
        stack_config: a Pulumi stack file whose settings are taken.
        offline: whether settings that are missing become placeholders.
        deploys: whether the warehouse's folder is the default one where none is named.
        rehearses: whether settings that are missing are taken from examples.

    Raises:
        InputError: a file or a setting is wrong.
        MissingDependencyError: the provider is not installed.
    """
    from havre.spec.load import load

    loaded = load(file)
    if deploys:
        data_dir = absolute(data_dir, loaded.warehouse.name)
    made = target_of(
        loaded.warehouse,
        provider,
        pairs,
        data_dir,
        stack,
        stack_config=stack_config,
        offline=offline,
        rehearses=rehearses,
    )
    return replace(made, lines=loaded.lines)


def target_of(
    spec: Warehouse,
    provider: str,
    pairs: list[str] | None,
    data_dir: Path | None,
    stack: str = "",
    *,
    stack_config: Path | None = None,
    offline: bool = False,
    rehearses: bool = False,
) -> Target:
    """As `target`, for a spec that was read already."""
    from havre.provider import find
    from havre.stack.program import example_settings, offline_settings, read_settings

    found = find(provider)
    given = given_settings(spec, found, pairs, data_dir, stack_config)
    placeholders: tuple[str, ...] = ()
    if rehearses:
        settings = example_settings(found, given)
    elif offline:
        settings, placeholders = offline_settings(found, given)
    else:
        settings = read_settings(found, given)
    folder = absolute(data_dir, spec.name)
    return Target(spec, found, settings, folder, stack or provider, placeholders)


def given_settings(
    spec: Warehouse,
    provider: Provider,
    pairs: list[str] | None,
    data_dir: Path | None,
    stack_config: Path | None = None,
    *,
    quiet: bool = False,
    plan: Plan | None = None,
) -> dict[str, Any]:
    """The settings that a command line gives, by name; not validated.

    Those that the latest `up` recorded in `data_dir` are kept, unless a stack file lists them all;
    `NAME=` drops one. What is kept or dropped is said on standard error. A plan of a warehouse on
    this machine records the settings that it was made with: they go before none of these.

    Raises:
        InputError: a pair or the stack file is wrong.
    """
    from havre.stack.files import read_stack_settings, rooted
    from havre.stack.standing import recorded_settings

    folder = absolute(data_dir, spec.name)
    recorded = recorded_settings(folder, spec.name, provider) if data_dir else {}
    base: dict[str, Any] = recorded
    if stack_config:
        found = read_stack_settings(stack_config, provider.name)
        base = rooted(found, stack_config.parent, provider.settings)
        _refuse_settings(stack_config, base, spec, provider)
    told = parse_settings(pairs)
    if plan is not None and not data_dir and not stack_config:
        base = settings_in_plan(plan, spec.name, provider)
    given = {**base, **told}
    dropped = [name for name in recorded if given.get(name, "") == ""]
    given = {name: value for name, value in given.items() if name not in dropped}
    if not quiet:
        kept = [] if stack_config else [name for name in recorded if name not in told]
        _tell_recorded(recorded, kept, dropped)
    if name := folder_setting(provider.settings):
        given.setdefault(name, str(folder))
    return given


def _tell_recorded(
    recorded: Mapping[str, Any], kept: Sequence[str], dropped: Sequence[str]
) -> None:
    """Say on standard error which recorded settings are kept, and which are no longer set."""
    from havre.cli import console
    from havre.report.language import tr

    def listed(names: Sequence[str]) -> str:
        return ", ".join(f"{name}={recorded[name]}" for name in names)

    lines = []
    if kept:
        lines.append(tr("Settings kept from the last up: {settings}.", settings=listed(kept)))
    if dropped:
        lines.append(
            tr("Settings dropped since the last up: {settings}.", settings=listed(dropped))
        )
    for line in lines:
        console.note(line, style="dim")


def _refuse_settings(
    stack_config: Path, kept: Mapping[str, Any], spec: Warehouse, provider: Provider
) -> None:
    """Refuse settings of a stack file that are wrong, whatever the command line adds.

    Raises:
        InputError: naming the file, and each setting.
    """
    from havre.stack.program import offline_settings

    name = folder_setting(provider.settings)
    folder = {name: str(absolute(None, spec.name))} if name else {}
    try:
        offline_settings(provider, {**folder, **kept})
    except InputError as error:
        message = f"{stack_config}: {error.message}"
        raise InputError(message, error.remedy) from None


INSTEAD = {
    "status": "`pulumi stack` lists what is deployed; `havre check --state FILE` evaluates it.",
    "connect": "Run `pulumi stack export > FILE`, then `havre connect PROJECT --state FILE`.",
    "backup": "Use the provider's own backups: `pulumi stack output --json` names them.",
    "restore": "Restore with the provider's own backups, into a new warehouse.",
    "keys export": "The keys stay in the provider's key service.",
    "logs verify": "The provider's own log service keeps the logs.",
    "down": "`pulumi destroy` deletes what no protection covers.",
}
"""By command, what to use where a provider operates no warehouse from this machine."""


ELSEWHERE = {
    **INSTEAD,
    "database": "Run `pulumi stack export > FILE`, then name it with --state FILE.",
    "audit": "Run `pulumi stack export > FILE`, then name it with --state FILE.",
    "probe": "Run `pulumi stack export > FILE`, then name it with --state FILE.",
    "adopt": "Run `havre adopt FILE --state STATE --out FOLDER` for what exists on a cloud.",
    "doctor": "Run `pulumi stack export > FILE`, then `havre doctor --state FILE`.",
    "drift": "Run `pulumi refresh`, then `pulumi stack export > FILE`, and name it with --state.",
}
"""By command, what to do where the warehouse is not on this machine."""


@dataclass(frozen=True)
class Operated:
    """A warehouse that is operated from this machine.

    Attributes:
        record: what the latest `up` recorded of it.
        operations: what can be done with it.
        store: its state, and the lock that keeps other runs out.
    """

    record: Mapping[str, Any]
    operations: Operations
    store: StateStore


def sandbox_engine(record: Mapping[str, Any], store: StateStore) -> Engine:
    """The engine of the sandbox in a folder.

    Raises:
        InputError: its provider has no sandbox any more.
    """
    from havre.cli.warehouse import engine_of
    from havre.provider import find
    from havre.stack.program import read_settings

    provider = find(str(record["provider"]))
    settings = read_settings(provider, record.get("settings", {}))
    return engine_of(store, str(record["stack"]), provider, settings)


def operated(found: Standing, command: str) -> Operated:
    """The means to operate a warehouse from this machine.

    Args:
        found: the warehouse.
        command: that needs them, such as `status`.

    Raises:
        InputError: no warehouse stands there, or it is not operated from here; the remedy says
            what to use instead.
    """
    from havre.engine import StateStore

    data_dir = folder(found, command)
    record = found.record()
    return Operated(record, operating(record, data_dir, command), StateStore(data_dir))


def refuse_stopped(warehouse: Operated) -> None:
    """Refuse what needs a warehouse that runs.

    Raises:
        ProviderError: a service does not run; each is named.
    """
    from havre.provider import ServiceState

    services = warehouse.operations.status()
    down = [service for service in services if service.state is not ServiceState.RUNNING]
    if down:
        states = ", ".join(f"{service.name} is {service.state.value}" for service in down)
        stopped = all(service.state is ServiceState.STOPPED for service in services)
        said = "is stopped" if stopped else f"does not answer: {states}"
        message = f"{warehouse.record.get('warehouse')} {said}"
        where = shlex.quote(str(warehouse.store.data_dir))
        raise ProviderError(message, f"Start it: havre up FILE --data-dir {where}")


def operating(record: Mapping[str, Any], data_dir: Path, command: str) -> Operations:
    """What can be done with the warehouse of a record, in a folder of this machine.

    Raises:
        InputError: its provider operates none; the remedy says what to use instead.
    """
    from havre.engine.sandbox import is_sandbox
    from havre.provider import OPERATIONS, find, provides
    from havre.stack.program import read_settings

    if is_sandbox(record):
        message = f"`havre {command}` does not work with a sandbox"
        if command == "status":
            message = f"{data_dir} is a sandbox that is recorded only: nothing runs in it"
        raise InputError(message, f"Its state: havre check --state {state_path(data_dir)}")
    provider = find(record["provider"])
    offer = provides(provider, OPERATIONS)
    if offer.given is None:
        message = f"`havre {command}` does not work with this warehouse: {offer.answer.reason}"
        raise InputError(message, ELSEWHERE[command])
    settings = {**record.get("settings", {})}
    if name := folder_setting(provider.settings):
        settings[name] = str(data_dir)
    return offer.given(read_settings(provider, settings))


def folder(found: Standing, command: str) -> Path:
    """The folder of a warehouse on this machine.

    Raises:
        InputError: only an exported state is known.
    """
    if found.data_dir is not None:
        return found.data_dir
    message = f"`havre {command}` needs a warehouse on this machine, not an exported state"
    here = "For a warehouse on this machine, name its folder with --data-dir DIR."
    raise InputError(message, f"{ELSEWHERE[command]} {here}")
