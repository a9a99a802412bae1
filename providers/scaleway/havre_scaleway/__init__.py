"""Havre's Scaleway provider: a research data warehouse in an existing Scaleway project."""

from pathlib import Path


def data(name: str) -> Path:
    """Path of one of this package's data files, such as `qualifications.yaml`."""
    return Path(__file__).parent / "data" / name
