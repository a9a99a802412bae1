"""What the servers behind a sandbox import: each is a process of its own, which runs for days."""

import json
import subprocess
import sys

import pytest

HEAVY = ("pulumi", "grpc", "pydantic", "boto3", "botocore", "azure", "psycopg")


@pytest.mark.parametrize("front", ["blob", "s3"])
def test_a_front_imports_nothing_that_is_large(front: str) -> None:
    words = (
        f"import sys, json, havre_sandbox.standins.{front}.front; print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    found = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert found & {*HEAVY} == set()


def test_every_public_name_is_found() -> None:
    import havre_sandbox

    assert all(getattr(havre_sandbox, name) for name in havre_sandbox.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = havre_sandbox.nothing
