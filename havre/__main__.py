"""`python -m havre`."""

from __future__ import annotations

import sys

from havre.cli import main

sys.exit(main())
