"""Short names of the frameworks, for citing; `frameworks.yaml` knows what may be cited."""


def snc(*headings: str) -> tuple[str, ...]:
    """Headings of SecNumCloud 3.2, such as `10.1`."""
    return tuple(f"SNC {heading}" for heading in headings)


def annex_a(*controls: str) -> tuple[str, ...]:
    """Controls of ISO/IEC 27001:2022, Annex A, such as `8.24`."""
    return tuple(f"A {control}" for control in controls)


def gdpr(*articles: str) -> tuple[str, ...]:
    """Articles of the General Data Protection Regulation."""
    return tuple(f"GDPR {article}" for article in articles)


EDS = ("EDS 10",)
"""CNIL's reference for health data warehouses, chapter 10."""
CIRCULAR = ("CIRC 6519/SG",)
"""Circular on sensitive data in commercial clouds."""
