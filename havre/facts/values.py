"""The values of facts: known, unknown, or of no meaning for the resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Known(Generic[T_co]):
    """A value that the plan tells; None says that something is absent, or has no end."""

    value: T_co


@dataclass(frozen=True)
class Unknown:
    """A value that is not decided yet.

    Attributes:
        property: what withholds it, such as `encryption.keyVaultProperties`.
        at_best: the value if what is withheld is as good as can be, such as the items of a list
            that are told; None where nothing is. What fails by it fails.
    """

    property: str
    at_best: Known[Any] | None = None


@dataclass(frozen=True)
class DoesNotApply:
    """The property has no meaning for this resource, such as labels of a type that carries none.

    Never for what a resource could have and has not: that is `Known`, and may fail.
    """


Fact: TypeAlias = Known[T] | Unknown
"""A property that every resource of its kind has."""
MayApply: TypeAlias = Known[T] | Unknown | DoesNotApply
"""A property that some resources of its kind cannot have."""

DOES_NOT_APPLY = DoesNotApply()
NOT_TOLD = Unknown("not reported by the provider's facts")
"""What a provider's facts leave out: unknown, so that it never passes for good."""
