"""Plans that many tests read; the SDK loads class by class, as it does for a warehouse."""

import pytest

from havre.plan import Plan
from havre_azure.provider import provider
from tests.azure.stack import asked, example, plan_of

provider.parts()  # pytest looks at all that a module imports, which would load the SDK whole


@pytest.fixture(scope="session")
def emc2() -> Plan:
    return plan_of(example("emc2"))


@pytest.fixture(scope="session")
def hospital() -> Plan:
    return plan_of(example("hospital"))


@pytest.fixture(scope="session")
def hsm() -> Plan:
    return plan_of(asked(("encryption.keys", "hsm"), ("encryption.tls", "1.3")))


@pytest.fixture(scope="session")
def locked() -> Plan:
    return plan_of(asked(), lock_immutability=True)
