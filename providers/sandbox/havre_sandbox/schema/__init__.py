"""What an SDK's own types say of a resource's inputs."""

from havre_sandbox.schema.faults import faults, known

__all__ = ["faults", "known"]
