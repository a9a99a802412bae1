"""A secret is read where a reference leads, if only its owner can; no error shows it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, HavreError, InputError
from havre.live.credentials import SecretReference

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret of nobody"


def written(path: Path, content: bytes = SECRET.encode(), mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_is_in_a_variable_or_in_a_file(tmp_path: Path) -> None:
    file = written(tmp_path / "secret", f"{SECRET}\n".encode())
    assert SecretReference("A").read({"A": SECRET}) == SECRET
    assert SecretReference("A").read({"A_FILE": str(file)}) == SECRET
    assert SecretReference(file=file).read({}) == SECRET
    assert SecretReference("A").known({"A_FILE": str(file)})
    assert not SecretReference("A").known({"B": SECRET})


def test_a_secret_that_is_renewed_is_read_again(tmp_path: Path) -> None:
    reference = SecretReference(file=written(tmp_path / "secret", b"first"))
    assert reference.read() == "first"
    written(tmp_path / "secret", b"second")
    assert reference.read() == "second"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path / "secret", mode=mode)
    with pytest.raises(GuardError, match="others") as caught:
        SecretReference("A").read({"A_FILE": str(file)})
    assert SECRET not in str(caught.value)


def test_a_link_to_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(written(tmp_path / "secret"))
    with pytest.raises(GuardError, match="it is a link"):
        SecretReference(file=tmp_path / "link").read()


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", f"{SECRET}\nmore\n".encode(), f"{SECRET}\0".encode(), b"\xff" + SECRET.encode()],
    ids=["nothing", "an end", "two lines", "a zero", "no text"],
)
def test_what_is_no_line_of_text_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        SecretReference(file=written(tmp_path / "secret", content)).read()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_secret_or_two_are_refused_with_the_names_to_set(tmp_path: Path) -> None:
    file = written(tmp_path / "secret")
    with pytest.raises(InputError, match="variable A: there is no secret") as none:
        SecretReference("A").read({})
    assert "NAME_FILE" in str(none.value)
    with pytest.raises(InputError, match="both A and A_FILE are set"):
        SecretReference("A").read({"A": SECRET, "A_FILE": str(file)})
    with pytest.raises(InputError, match="cannot be read"):
        SecretReference("A").read({"A_FILE": str(tmp_path / "none")})


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    with pytest.raises(HavreError, match="over 65536 bytes"):
        SecretReference(file=written(tmp_path / "secret", b"x" * 10**6)).read()
