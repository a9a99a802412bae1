"""The program of `stacks/warehouse`, configured by the Pulumi stack.

Configuration (`Pulumi.<stack>.yaml`, namespace of the project):

- `spec`: path of the warehouse file, relative to the project's folder;
- `provider`: who provides it;
- `settings`: what that provider needs beyond the spec.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from havre import startup
from havre.errors import HavreError, InputError
from havre.stack.aliases import forget_versions

if TYPE_CHECKING:
    from havre.stack.component import ResearchWarehouse


def deploy_from_config() -> ResearchWarehouse:
    """Declare the warehouse that the stack's configuration describes.

    The process is taken to be the program's own: see `havre.startup`. Resources are sent without
    the aliases that only name another version of a cloud's interface: see `havre.stack.aliases`.

    Raises:
        pulumi.RunError: the configuration, the file or a setting is wrong, or the provider is
            not installed; Pulumi shows the message without a traceback.
    """
    startup.program()
    try:
        pulumi.runtime.register_stack_transformation(forget_versions)
        return _deploy(pulumi.Config())
    except HavreError as error:
        raise pulumi.RunError(str(error)) from None


def _deploy(config: pulumi.Config) -> ResearchWarehouse:
    from havre.provider import NeedsEnvironment, find
    from havre.spec.load import load
    from havre.stack.files import rooted
    from havre.stack.program import deploy, read_settings

    _refuse_slips(config.name)
    root = Path(pulumi.get_root_directory() or ".")
    missing = [key for key in ("spec", "provider") if not config.get(key)]
    if missing:
        names = ", ".join(f"`{config.name}:{key}`" for key in missing)
        message = f"stack `{pulumi.get_stack()}`: the configuration lacks {names}"
        raise InputError(message, "Set it in the stack's Pulumi file or by `pulumi config set`.")
    provider = find(config.require("provider"))
    given = rooted(config.get_object("settings") or {}, root, provider.settings)
    spec = load((root / config.require("spec")).resolve()).warehouse
    settings = read_settings(provider, given)
    lacking = settings.lacking() if isinstance(settings, NeedsEnvironment) else ()
    if lacking:
        message = f"provider `{provider.name}`: the environment lacks {' and '.join(lacking)}"
        raise InputError(message, "Set them for this run; the provider's settings say what for.")
    return deploy(spec, provider, settings)


def _refuse_slips(project: str) -> None:
    """Refuse keys of the configuration that would be ignored.

    Raises:
        InputError: there are some; each is named, with the one that was probably meant.
    """
    from pulumi.runtime.config import CONFIG, get_config_env

    from havre.stack.files import known_keys, slips

    wrong = slips({*CONFIG.get(), *get_config_env()}, project)
    if wrong:
        names = "; ".join(
            f"`{key}` is unknown" + (f", did you mean `{meant}`?" if meant else "")
            for key, meant in wrong.items()
        )
        message = f"stack `{pulumi.get_stack()}`: {names}"
        raise InputError(message, known_keys(project))
