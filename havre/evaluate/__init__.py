"""The program of a warehouse, run in process: its plan, without the Pulumi CLI."""

from havre.evaluate.program import evaluate

__all__ = ["evaluate"]
