"""The warehouse as a Pulumi program: component, stack files, what stands.

`deploy_from_config` is what a program of a stack calls; it is loaded when it is asked for, since
it loads Pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.stack.deploy import deploy_from_config

__all__ = ["deploy_from_config"]


def __getattr__(name: str) -> object:
    if name == "deploy_from_config":
        from havre.stack.deploy import deploy_from_config

        return deploy_from_config
    message = f"module `{__name__}` has no attribute `{name}`"
    raise AttributeError(message)
