"""A seal that is right is found right, with nothing but a shell, coreutils and openssl."""

from tests.exit.seal.workshop import Workshop, run


def test_a_fresh_seal_is_verified(workshop: Workshop) -> None:
    done = run(workshop.fresh, workshop.organisation.path, workshop.time.path)
    assert (done.returncode, done.stderr) == (0, "")
