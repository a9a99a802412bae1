"""How a plugin fails: answers that are lost, what a refresh does not see, and changes at once."""

from havre_sandbox.failing.busy import Busy
from havre_sandbox.failing.planted import PlantedAnswer, taken
from havre_sandbox.failing.unread import told_as_before

__all__ = ["Busy", "PlantedAnswer", "taken", "told_as_before"]
