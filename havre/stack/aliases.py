"""Former types of resources: which of those that an SDK lists are worth sending.

A generated SDK gives each resource an alias for every version of the cloud's interface that its
type was ever published under, hundreds of characters each, and a few for the names that the type
bore in an earlier major version of the SDK. Only the latter name resources of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence

_API_VERSION = re.compile(r"/v\d{8}\w*(?=:)")


def unversioned(token: str) -> str:
    """A type's token without the version of an interface.

    >>> unversioned("cloud:storage/v20230101preview:Account")
    'cloud:storage:Account'
    """
    return _API_VERSION.sub("", token)


def _former(alias: Any) -> str | None:
    """The token of an alias that names another type and nothing else."""
    if not isinstance(alias, pulumi.Alias) or not isinstance(alias.type_, str):
        return None
    others: tuple[Any, ...] = (alias.name, alias.parent, alias.stack, alias.project)
    return alias.type_ if all(other is ... for other in others) else None


def worth_sending(token: str, aliases: Sequence[Any]) -> list[Any]:
    """The aliases under which a program of ours may have made a resource of a type.

    Such programs never named a version: their states hold the tokens without one, whatever the
    SDK's major version was. So an alias counts as its token without version. One that is then the
    resource's own is left out, as is one that was there already. Resources that another program
    made under a token with a version are not adopted.

    Args:
        token: the resource's own type.
        aliases: what the SDK and the program give; what is not the alias of a type is kept.

    Returns:
        Those to send, in the order given.
    """
    kept: list[Any] = []
    seen = {token}
    for alias in aliases:
        former = _former(alias)
        if former is None:
            kept.append(alias)
        elif (plain := unversioned(former)) not in seen:
            seen.add(plain)
            kept.append(pulumi.Alias(type_=plain))
    return kept


def forget_versions(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult:
    """Transformation of a stack: send no alias that only names another version."""
    if args.opts.aliases:
        args.opts.aliases = worth_sending(args.type_, args.opts.aliases)
    return pulumi.ResourceTransformationResult(args.props, args.opts)
