"""Havre: provider-neutral deployment of research data warehouses for sensitive data."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.assess.check import check

__version__ = "0.1.0"
__all__ = ["__version__", "check"]


def __getattr__(name: str) -> object:
    """`havre.check`, loaded only where it is used: it brings Pulumi's SDK with it."""
    if name == "check":
        from havre.assess.check import check

        return check
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
