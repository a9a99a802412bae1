"""`python -m havre`: refused where Python would take modules from the folder it is started in."""

import sys


def _refused() -> bool:
    """Whether Python looks for modules in that folder first, and Havre itself is elsewhere."""
    own = __file__.removesuffix("/havre/__main__.py")
    return not sys.flags.safe_path and sys.path[0] != own


if _refused():
    sys.stderr.write(
        f"error: `python -m havre` would run any module that is in {sys.path[0]}.\n"
        "  Run `havre`, or `python -P -m havre`.\n"
    )
    sys.exit(2)

from havre.cli import main  # noqa: E402 - nothing is imported before

sys.exit(main())
