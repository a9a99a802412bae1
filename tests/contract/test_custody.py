"""A folder's files are believed only where nobody but its keepers can have written them."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from havre.errors import GuardError
from havre.files.custody import Custody, check_above, keepers

ANOTHER = 65_534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "run").mkdir(parents=True)
    (made / "run/file").write_bytes(b"ours")
    (made / "run/file").chmod(0o600)
    (tmp_path / "secret").write_bytes(b"theirs")
    return made


def linked_file(root: Path) -> None:
    (root / "run/file").unlink()
    (root / "run/file").symlink_to(root.parent / "secret")


def linked_folder(root: Path) -> None:
    (root / "run").rename(root.parent / "elsewhere")
    (root / "run").symlink_to(root.parent / "elsewhere")


def linked_root(root: Path) -> None:
    root.rename(root.parent / "elsewhere")
    root.symlink_to(root.parent / "elsewhere")


def hard_linked(root: Path) -> None:
    (root.parent / "other-name").hardlink_to(root / "run/file")


def pipe(root: Path) -> None:
    (root / "run/file").unlink()
    os.mkfifo(root / "run/file", 0o600)


def chmod(name: str, mode: int) -> Callable[[Path], None]:
    return lambda root: (root / name).chmod(mode)


def chown(name: str) -> Callable[[Path], None]:
    return lambda root: os.chown(root / name, ANOTHER, ANOTHER)


TAMPERED: dict[str, Callable[[Path], None]] = {
    "a link for the file": linked_file,
    "a link for its folder": linked_folder,
    "a link for all": linked_root,
    "another name": hard_linked,
    "a pipe": pipe,
    "a file that all may write": chmod("run/file", 0o602),
    "a file that its group may write": chmod("run/file", 0o620),
    "a folder that all may write": chmod("run", 0o707),
    "a folder that all may write, sticky": chmod("run", 0o1707),
    "a root that its group may write": chmod(".", 0o770),
    "a folder above that all may write": chmod("..", 0o707),
}
GIVEN_AWAY = {f"{name} of another": chown(name) for name in ("run/file", "run", ".", "..")}
CASES = [
    *(pytest.param(how, id=name) for name, how in TAMPERED.items()),
    *(pytest.param(how, id=name, marks=AS_ROOT) for name, how in GIVEN_AWAY.items()),
]
OPENINGS: dict[str, Callable[[Custody, Path], object]] = {
    "read": lambda custody, path: custody.read(path),
    "log": lambda custody, path: custody.open_log(path),
    "lock": lambda custody, path: custody.lock(path),
}


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("tamper", CASES)
def test_what_others_can_have_written_is_refused_and_left_alone(
    root: Path, tamper: Callable[[Path], None], opening: str
) -> None:
    custody, path = Custody(root), root / "run/file"
    assert custody.read(path) == b"ours"
    tamper(root)
    with pytest.raises(GuardError, match="not trusted") as caught:
        OPENINGS[opening](custody, path)
    assert caught.value.remedy
    assert (root.parent / "secret").read_bytes() == b"theirs"


@pytest.mark.parametrize("tamper", [case for case in CASES if "file" not in (case.id or "")])
def test_a_folder_is_refused_before_anything_in_it_is_read(
    root: Path, tamper: Callable[[Path], None]
) -> None:
    custody = Custody(root)
    custody.check("run", "state")
    if tamper in {hard_linked, pipe}:
        pytest.skip("the folder itself is in order")
    tamper(root)
    with pytest.raises(GuardError, match="not trusted"):
        custody.check("run", "state")


@pytest.mark.parametrize(("mode", "changed"), [(0o1777, False), (0o1707, False), (0o770, True)])
def test_nobody_is_told_to_close_a_folder_for_all_users(
    root: Path, mode: int, changed: bool
) -> None:
    root.chmod(mode)
    with pytest.raises(GuardError, match="not trusted") as caught:
        Custody(root).check()
    assert ("chmod" in (caught.value.remedy or "")) is changed


def test_who_owns_what_is_said_with_the_remedy(root: Path) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    stranger = Custody(root, frozenset({0, 4_000_000}) - {os.geteuid()})
    with pytest.raises(GuardError, match=f"belongs to {me}") as caught:
        stranger.check()
    assert "user 4000000" in str(caught.value) or "others could" in str(caught.value)


def test_nothing_is_opened_outside(root: Path) -> None:
    with pytest.raises(GuardError, match="leads out"):
        Custody(root).read(root / ".." / "secret")
    with pytest.raises(GuardError, match="leads out"):
        Custody(root).read(root / "run" / ".." / ".." / "secret")
    with pytest.raises(GuardError, match="leads out"):
        Custody(root).read(root.parent / "secret")
    with pytest.raises(GuardError, match="leads out"):
        Custody(root).write(root / "run" / "..", b"")


@pytest.mark.usefixtures("root")
def test_a_sticky_folder_above_and_a_link_of_our_own_are_fine(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "shortcut").symlink_to(".")
    assert Custody(tmp_path / "shortcut/data").read(tmp_path / "shortcut/data/run/file") == b"ours"


@AS_ROOT
def test_a_link_above_that_another_can_change_is_refused(root: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "shortcut").symlink_to(".")
    os.chown(tmp_path / "shortcut", ANOTHER, ANOTHER, follow_symlinks=False)
    with pytest.raises(GuardError, match="another folder in its place"):
        Custody(tmp_path / "shortcut/data").check()
    assert root.is_dir()


def test_links_that_lead_round_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(GuardError, match="too many links"):
        check_above(tmp_path / "one/data", keepers())


def test_opening_truncates_nothing(root: Path) -> None:
    descriptor = Custody(root).open(root / "run/file", os.O_WRONLY | os.O_TRUNC)
    os.close(descriptor)
    assert (root / "run/file").read_bytes() == b"ours"


def test_a_service_may_own_what_it_writes_and_no_more(root: Path) -> None:
    me = frozenset({os.geteuid()})
    theirs = Custody(root.parent, keepers())
    assert theirs.read(root / "run/file", also=frozenset({ANOTHER})) == b"ours"
    if me == {0}:
        os.chown(root / "run", ANOTHER, ANOTHER)
        os.chown(root / "run/file", ANOTHER, ANOTHER)
        assert theirs.read(root / "run/file", also=frozenset({ANOTHER})) == b"ours"
        os.chown(root, ANOTHER, ANOTHER)
        with pytest.raises(GuardError, match="belongs to"):
            theirs.read(root / "run/file", also=frozenset({ANOTHER}))


@AS_ROOT
def test_what_is_handed_out_replaces_a_link_and_follows_none(root: Path) -> None:
    folder = root / "theirs"
    folder.mkdir()
    (folder / "password").symlink_to(root.parent / "secret")
    os.chown(folder, ANOTHER, ANOTHER)
    Custody(root).hand_out(folder / "password", b"new")
    assert (root.parent / "secret").read_bytes() == b"theirs"
    assert (folder / "password").read_bytes() == b"new"
    assert (folder / "password").lstat().st_uid == ANOTHER
    folder.rename(root / "kept")
    folder.symlink_to(root.parent)
    with pytest.raises(GuardError, match="not a folder"):
        Custody(root).hand_out(folder / "password", b"new")


def given(root: Path) -> set[int]:
    return {path.lstat().st_uid for path in (root / "run", *(root / "run").rglob("*"))}


@AS_ROOT
def test_a_folder_is_given_away_whole_after_a_run_that_was_killed_too(root: Path) -> None:
    (root / "run/deep/er").mkdir(parents=True)
    (root / "run/deep/er/file").write_bytes(b"x")
    os.chown(root / "run/deep/er", ANOTHER, ANOTHER)
    Custody(root).give(root / "run", (ANOTHER, ANOTHER))
    assert given(root) == {ANOTHER}
    assert root.stat().st_uid == os.geteuid()


UNGIVEN: dict[str, Callable[[Path], None]] = {
    "a link to a file": linked_file,
    "a link to a folder": lambda root: (root / "run/link").symlink_to(root.parent),
    "the folder is a link": linked_folder,
    "a file with two names": hard_linked,
    "a pipe": pipe,
    "a file of a third account": lambda root: os.chown(root / "run/file", 60_001, 60_001),
    "a file that others can write": chmod("run/file", 0o666),
}


@AS_ROOT
@pytest.mark.parametrize("tamper", UNGIVEN.values(), ids=UNGIVEN.keys())
def test_what_could_be_another_file_is_not_given_away(
    root: Path, tamper: Callable[[Path], None]
) -> None:
    tamper(root)
    with pytest.raises(GuardError):
        Custody(root).give(root / "run", (ANOTHER, ANOTHER))
    assert (root.parent / "secret").stat().st_uid == os.geteuid()
    assert (root / "run").stat().st_uid == os.geteuid()


@AS_ROOT
def test_what_was_given_away_is_not_looked_at_again(root: Path) -> None:
    os.chown(root / "run", ANOTHER, ANOTHER)
    Custody(root).give(root / "run", (ANOTHER, ANOTHER))
    assert (root / "run/file").stat().st_uid == os.geteuid()
