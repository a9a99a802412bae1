"""The values of facts: known, unknown, or of no meaning for the resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
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


class Reserve(StrEnum):
    """Why a plan that is known in full does not say what applies."""

    NOT_IN_FORCE = "not-in-force"
    NOT_SEEN = "not-seen"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Outside(Unknown):
    """A value of what the warehouse is given and does not manage: no plan of its own tells it.

    Nothing passes by it: a control is not evaluated, and its finding says who answers for it.

    Attributes:
        property: what the warehouse is given, such as `the hub's firewall`.
        answers_for: who answers for it, as the settings say.
    """

    answers_for: str = ""

    def __str__(self) -> str:
        """As a finding says it."""
        return f"outside the plan: {self.property} (responsible: {self.answers_for})"


@dataclass(frozen=True)
class Reserved(Unknown):
    """A value that the plan tells, and that need not be the one that applies.

    Nothing passes by it: a control says `not-in-force` or `not-seen` where it would pass, and
    fails where the value itself would.

    Attributes:
        property: what must happen first, as a finding says it: `not in force until the server
            restarts`, or `not seen by a refresh: compare it with the provider's console`.
        at_best: the value.
        reserve: `NOT_IN_FORCE` where the provider does not apply by itself what is asked for;
            `NOT_SEEN` where it did, and a refresh does not show that it still does.
    """

    reserve: Reserve = Reserve.NOT_IN_FORCE


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


def reserved(fact: Fact[T], why: str, reserve: Reserve = Reserve.NOT_IN_FORCE) -> Fact[T]:
    """A value with a reserve; what is not known stays so."""
    return Reserved(why, fact, reserve) if isinstance(fact, Known) else fact


IN_THE_CLUSTER = (
    "not in force until an administrator applies the objects that `havre cluster manifests` writes"
)
"""What isolates projects in a cluster, where a plan contains no object of Kubernetes."""
NOT_TOLD = Unknown("not reported by the provider's facts")
"""What a provider's facts leave out: unknown, so that it never passes for good."""
