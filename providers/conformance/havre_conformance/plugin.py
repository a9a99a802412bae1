"""The pytest plugin: explains failed assertions of the suite as if they stood in a test file."""

import pytest

pytest.register_assert_rewrite("havre_conformance.suite")
