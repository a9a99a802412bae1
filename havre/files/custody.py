"""Folders whose files are believed: only their keepers can have written them.

What a folder's keepers write is read with their rights, and may decide what they run. So every
file in it is opened here, and refused unless nobody else can have put it there: no link leads to
it, each folder on its path belongs to a keeper and is closed to all others, and the file is a
plain one, under one name only. The folders above are looked at as well, since whoever can rename
there can put another folder in its place; one that everybody may write, such as `/tmp`, is fine
where its sticky bit keeps each one's files apart.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from havre.errors import GuardError
from havre.files.whole import FileLock, create_in, write_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from io import BufferedReader

ROOT = 0
"""The account that can write everything anyway."""
NOBODY_ELSE: frozenset[int] = frozenset()
LOG_MODE = 0o600
_ABOVE_MODE = 0o755

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LINKS = 40
"""How many links may lead to a folder, as for the kernel."""
_LINKED = frozenset({errno.ELOOP, errno.EMLINK, errno.ENOTDIR})
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ACCESS_LIST = "system.posix_acl_access"


def keepers() -> frozenset[int]:
    """The accounts that a process believes: its own and root."""
    return frozenset({ROOT, os.geteuid()})


@dataclass(frozen=True)
class Custody:
    """A folder whose files are believed.

    Every method takes paths below `root`, and raises GuardError where somebody else can have
    written there, with who owns what and the remedy. A file that is not there is a
    FileNotFoundError, as everywhere.

    Attributes:
        root: the folder, absolute.
        owners: user ids of its keepers; by default one's own and root's.
    """

    root: Path
    owners: AbstractSet[int] = field(default_factory=keepers)

    def check(self, *folders: str) -> None:
        """Refuse the folder, or one of `folders` in it, if others can change what is in it.

        What is not there yet is fine, as long as only its keepers can make it.

        Args:
            folders: names of folders in it that must be closed as well.
        """
        check_above(self.root, self.owners)
        for path in (self.root, *(self.root / name for name in folders)):
            with contextlib.suppress(FileNotFoundError):
                os.close(self._folder(path))

    def exists(self, path: Path) -> bool:
        """Whether something of that name is there, believed or not."""
        return os.path.lexists(path)

    def read(self, path: Path, also: AbstractSet[int] = NOBODY_ELSE) -> bytes:
        """Return a file's content.

        Args:
            path: the file.
            also: user ids, such as a service's, that may own the file and its last folder.
        """
        with os.fdopen(self.open(path, also=also), "rb") as file:
            return file.read()

    def open(
        self,
        path: Path,
        flags: int = os.O_RDONLY,
        mode: int = 0o600,
        *,
        also: AbstractSet[int] = NOBODY_ELSE,
    ) -> int:
        """Return a descriptor of a file; the caller closes it. Nothing is ever truncated.

        Args:
            path: the file.
            flags: as for `os.open`, such as `os.O_RDWR | os.O_CREAT`.
            mode: permissions of a file that is made.
            also: user ids, such as a service's, that may own the file and its last folder.
        """
        with self._within(path, also) as folder:
            try:
                descriptor = os.open(path.name, flags & ~os.O_TRUNC | _FILE, mode, dir_fd=folder)
            except OSError as error:
                _refuse_link(path, error)
                if error.errno == errno.ENXIO:
                    raise _odd(path) from error
                raise
        try:
            _check_file(path, os.fstat(descriptor), self.owners | also)
            os.set_blocking(descriptor, True)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def scratch(self, path: Path) -> IO[bytes]:
        """Return a file without a name in a folder, gone when it is closed."""
        folder = self._folder(path)
        try:
            return tempfile.TemporaryFile(dir=f"/proc/self/fd/{folder}")
        finally:
            os.close(folder)

    def open_log(self, path: Path) -> int:
        """Return a descriptor that appends to a log, made where it is missing (0600)."""
        return self.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, LOG_MODE)

    def reader(self, path: Path, also: AbstractSet[int] = NOBODY_ELSE) -> BufferedReader:
        """Return a file to read from; the caller closes it. See `read`."""
        return os.fdopen(self.open(path, also=also), "rb")

    def write(
        self,
        path: Path,
        content: bytes,
        mode: int = 0o600,
        *,
        owner: tuple[int, int] | None = None,
        also: AbstractSet[int] = NOBODY_ELSE,
    ) -> None:
        """Replace a file, whole or not at all; what was there is neither read nor followed.

        Args:
            path: the file; its folder exists.
            content: the whole content.
            mode: permissions, from the first moment on.
            owner: user and group id, or None for one's own.
            also: user ids, such as a service's, that may own the file's folder.
        """
        with self._within(path, also) as folder:
            write_in(folder, path.name, content, mode, owner)

    def create(self, path: Path, content: bytes, mode: int = 0o600) -> bool:
        """Create a file unless something of that name is there; return whether it was created."""
        with self._within(path) as folder:
            return create_in(folder, path.name, content, mode)

    def make_folder(self, path: Path, mode: int = 0o700) -> None:
        """Make a folder, whatever the umask; one that only its keepers can write is fine."""
        with self._within(path) as folder:
            try:
                os.mkdir(path.name, mode, dir_fd=folder)
            except FileExistsError:
                made = False
            else:
                made = True
        if made:
            self.set_mode(path, mode)
        else:
            os.close(self._folder(path))

    def set_mode(self, path: Path, mode: int) -> None:
        """Set the permissions of a folder."""
        descriptor = self._folder(path)
        try:
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def names(self, path: Path) -> tuple[str, ...]:
        """Return the sorted names of what is in a folder; none if it is missing."""
        try:
            descriptor = self._folder(path)
        except FileNotFoundError:
            return ()
        try:
            return tuple(sorted(os.listdir(descriptor)))  # noqa: PTH208 - of a descriptor
        finally:
            os.close(descriptor)

    def stat(self, path: Path) -> os.stat_result:
        """Return what is known of a file, or of a link itself."""
        with self._within(path) as folder:
            return os.stat(path.name, dir_fd=folder, follow_symlinks=False)

    def rename(self, path: Path, target: Path) -> None:
        """Give a file or a folder another place below `root`."""
        with self._within(path) as here, self._within(target) as there:
            os.rename(path.name, target.name, src_dir_fd=here, dst_dir_fd=there)
            os.fsync(there)

    def remove(self, path: Path) -> None:
        """Remove a file, or a link itself; none is fine."""
        with contextlib.suppress(FileNotFoundError), self._within(path) as folder:
            os.unlink(path.name, dir_fd=folder)

    def remove_tree(self, path: Path, *, ignore_errors: bool = False) -> None:
        """Remove a folder and all that is in it, no link followed; none is fine.

        Args:
            path: the folder; it may be a service's own.
            ignore_errors: leave what cannot be removed.
        """
        with contextlib.suppress(FileNotFoundError), self._within(path) as folder:
            shutil.rmtree(path.name, ignore_errors=ignore_errors, dir_fd=folder)

    def hand_out(self, path: Path, content: bytes) -> None:
        """Write a file (0600) for whoever owns its last folder, who may have put a link there.

        What is handed out is never to be read back with one's own rights.
        """
        with self._given(path) as folder:
            found = os.fstat(folder)
            write_in(folder, path.name, content, 0o600, (found.st_uid, found.st_gid))

    def take_back(self, path: Path) -> None:
        """Remove what was handed out, whatever is there now; none is fine."""
        with contextlib.suppress(FileNotFoundError), self._given(path) as folder:
            os.unlink(path.name, dir_fd=folder)

    def give(self, path: Path, owner: tuple[int, int]) -> None:
        """Give a folder and all that is in it to a service's account; the folder itself last.

        So a folder that is the account's already was given whole, and is left as it is: a run
        that was killed meanwhile is resumed by the next. Nothing may be at work in it.

        Args:
            path: the folder.
            owner: user and group id of the account.

        Raises:
            GuardError: something in it is a link, no plain file, or another's: it stays theirs.
        """
        also = {owner[0]}
        descriptor = self._folder(path, also)
        try:
            if os.fstat(descriptor).st_uid != owner[0]:
                _give(path, descriptor, self.owners | also, owner)
        finally:
            os.close(descriptor)

    def open_folder(self, path: Path, also: AbstractSet[int] = NOBODY_ELSE) -> int:
        """Return a descriptor of a folder; the caller closes it.

        Args:
            path: the folder, or `root`.
            also: user ids, such as a service's, that may own this last folder.
        """
        return self._folder(path, also)

    def lock(self, path: Path, *, create: bool = True) -> FileLock:
        """Return the lock of a file, not taken yet; nothing is written before it is.

        Args:
            path: the file.
            create: whether to make it where it is missing.
        """
        flags = os.O_RDWR | (os.O_CREAT if create else 0)
        return FileLock(path, create=create, opener=lambda: self.open(path, flags))

    @contextlib.contextmanager
    def _within(self, path: Path, also: AbstractSet[int] = NOBODY_ELSE) -> Iterator[int]:
        """Give a descriptor of a file's folder; an error names the file and not a part of it."""
        if path.name in {"", ".."}:
            raise self._outside(path)
        with _naming(path):
            descriptor = self._folder(path.parent, also)
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def _given(self, path: Path) -> Iterator[int]:
        """Give a descriptor of a file's folder that may be anybody's, but is one of ours' own."""
        with self._within(path.parent) as above:
            try:
                descriptor = os.open(path.parent.name, _FOLDER, dir_fd=above)
            except OSError as error:
                if error.errno not in _LINKED:
                    raise
                message = f"{path.parent} is not a folder"
                raise GuardError(message, "Remove it and run again.") from error
        with _naming(path):
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _outside(self, path: Path) -> GuardError:
        message = f"{path} leads out of {self.root}"
        return GuardError(message, "Name a file below that folder.")

    def _folder(self, path: Path, also: AbstractSet[int] = NOBODY_ELSE) -> int:
        """Open a folder step by step from `root`; only the last may belong to `also`."""
        if not path.is_relative_to(self.root):
            raise self._outside(path)
        names = path.relative_to(self.root).parts
        if ".." in names:
            raise self._outside(path)
        check_above(self.root, self.owners)
        last = self.owners | also
        here = self.root
        descriptor = _step(here, here, None, self.owners if names else last)
        for number, name in enumerate(names, 1):
            here = here / name
            owners = last if number == len(names) else self.owners
            descriptor = _step(here, name, descriptor, owners)
        return descriptor


def read_secret(path: Path) -> bytes:
    """Return the content of a file with a key or a password.

    Args:
        path: the file, in a folder that only its keepers can write.

    Raises:
        GuardError: others can read it, or can have written it.
        OSError: it is not there, or cannot be read.
    """
    path = path.absolute()
    with os.fdopen(Custody(path.parent).open(path), "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & _OF_OTHERS:
            message = f"{path} is not secret: others can read it (mode {mode:04o})"
            remedy = f"Run chmod 600 {path}, and replace its content if it may have been read."
            raise GuardError(message, remedy)
        return file.read()


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Have errors name a whole path, where the kernel was given a part of it."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def make_closed(root: Path, mode: int) -> None:
    """Make a folder, and those above it that are missing, whatever the umask; none is fine.

    Args:
        root: the folder, absolute.
        mode: its permissions, if it is made here; those above are closed to writing by others.

    Raises:
        OSError: it cannot be made.
    """
    missing = [path for path in (root, *root.parents) if not os.path.lexists(path)]
    for path in reversed(missing):
        path.mkdir(mode=_ABOVE_MODE, exist_ok=True)
    if missing:
        root.chmod(mode)
    elif not root.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))


def check_above(root: Path, owners: AbstractSet[int]) -> None:
    """Refuse a folder if others than `owners` can put another one in its place.

    Every folder above is looked at, through each link on the way.

    Args:
        root: the folder, absolute; it need not be there.
        owners: user ids of those who may.

    Raises:
        GuardError: somebody else can.
    """
    for folder in _above(root, owners):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found = folder.lstat()
            if found.st_uid not in owners:
                raise _replaceable(root, folder, f"belongs to {_account(found.st_uid)}")
            if found.st_mode & _WRITABLE and not found.st_mode & stat.S_ISVTX:
                _check_writable(root, folder, found)


def _above(root: Path, owners: AbstractSet[int]) -> Iterator[Path]:
    """Yield the folders on the way to `root`, from `/` on, links followed."""
    here, left, links = Path("/"), [*reversed(root.parts[1:])], 0
    while left:
        yield here
        name = left.pop()
        if name == "..":
            here = here.parent
            continue
        here = here / name
        if left and here.is_symlink():
            links += 1
            if links > _LINKS:
                message = f"{root}: too many links lead there"
                raise GuardError(message, "Name the folder itself.")
            if here.lstat().st_uid not in owners:
                raise _replaceable(root, here, f"belongs to {_account(here.lstat().st_uid)}")
            target = here.readlink()
            here = Path("/") if target.is_absolute() else here.parent
            left += [part for part in reversed(target.parts) if part != "/"]


def _check_writable(root: Path, folder: Path, found: os.stat_result) -> None:
    """A folder above that more than its owner may write is fine if its group is the owner alone."""
    if found.st_mode & stat.S_IWOTH or not _own_group(folder, found):
        raise _replaceable(root, folder, "can be written by others")


def _own_group(folder: Path, found: os.stat_result) -> bool:
    """Whether a folder's group is its owner's own, as many systems make one for each account."""
    try:
        owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid)
        # An access list of more accounts shows as rights of the group.
        listed = _ACCESS_LIST in os.listxattr(folder)
    except (KeyError, OSError):
        return False
    return group.gr_name == owner and set(group.gr_mem) <= {owner} and not listed


def _replaceable(root: Path, folder: Path, why: str) -> GuardError:
    message = (
        f"{root} is not trusted: others could put another folder in its place, for {folder} {why}"
    )
    return GuardError(message, "Use a folder below one of your own, which others cannot write.")


def _step(path: Path, name: Path | str, parent: int | None, owners: AbstractSet[int]) -> int:
    """Open one folder of the way, no link followed, and see whose it is; close its parent."""
    try:
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        _refuse_link(path, error)
        raise
    finally:
        if parent is not None:
            os.close(parent)
    try:
        _check_owned(path, os.fstat(descriptor), owners)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_file(path: Path, found: os.stat_result, owners: AbstractSet[int]) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _odd(path)
    _check_owned(path, found, owners)
    if found.st_nlink > 1:
        message = f"{path} is not trusted: it has {found.st_nlink} names, by hard links"
        raise GuardError(message, f"Replace it by a copy: cp -p {path} X && mv X {path}.")


def _give(path: Path, folder: int, owners: AbstractSet[int], owner: tuple[int, int]) -> None:
    """Give what is in an open folder away, then the folder; each file is looked at opened."""
    for name in os.listdir(folder):
        here = path / name
        try:
            descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
        except OSError as error:
            _refuse_link(here, error)
            raise (_odd(here) if error.errno == errno.ENXIO else error) from error
        try:
            found = os.fstat(descriptor)
            if stat.S_ISDIR(found.st_mode):
                _check_owned(here, found, owners)
                _give(here, descriptor, owners, owner)
            else:
                _check_file(here, found, owners)
                os.fchown(descriptor, *owner)
        finally:
            os.close(descriptor)
    os.fchown(folder, *owner)


def _odd(path: Path) -> GuardError:
    message = f"{path} is not trusted: it is not a plain file"
    return GuardError(message, "Remove it and run again.")


def _check_owned(path: Path, found: os.stat_result, owners: AbstractSet[int]) -> None:
    if found.st_uid not in owners:
        known = " or ".join(sorted(map(_account, owners)))
        message = f"{path} is not trusted: it belongs to {_account(found.st_uid)}, not to {known}"
        remedy = (
            f"If it is yours, run as {_account(found.st_uid)}; else use another folder. "
            "Its owner could make you run anything."
        )
        raise GuardError(message, remedy)
    if found.st_mode & _WRITABLE:
        message = (
            f"{path} is not trusted: others can write it "
            f"(mode {stat.S_IMODE(found.st_mode):04o}, of {_account(found.st_uid)})"
        )
        if found.st_mode & stat.S_ISVTX:  # such as /tmp: a machine needs it so
            raise GuardError(message, "Name a folder of your own.")
        remedy = f"If it belongs to a warehouse and is unchanged: chmod go-w {path}."
        raise GuardError(message, f"{remedy} Otherwise name another folder.")


def _refuse_link(path: Path, error: OSError) -> None:
    """Raise GuardError if what could not be opened is a link."""
    if error.errno in _LINKED and path.is_symlink():
        message = f"{path} is not trusted: it is a link, of {_account(path.lstat().st_uid)}"
        raise GuardError(message, "Name the folder itself, or remove the link.") from error


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
