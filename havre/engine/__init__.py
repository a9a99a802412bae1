"""The embedded engine: applies a plan whose providers are Python, on this machine.

It keeps to what that takes: one step at a time, no remote state, no plugin downloads. Its
state is Pulumi's own, so that `pulumi stack import` takes over and finds nothing to change.
"""

from havre.engine.engine import Engine
from havre.engine.state import StateStore
from havre.engine.steps import Change, Operation

__all__ = ["Change", "Engine", "Operation", "StateStore"]
