"""One organisation for all tests of a process: its seal is made once."""

import pytest

from tests.exit.seal.workshop import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """An organisation with its CA, its signer and a time-stamp authority elsewhere."""
    return Workshop(tmp_path_factory.mktemp("workshop"))
