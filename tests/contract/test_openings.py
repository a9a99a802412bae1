"""In rooms that work on a data folder, `Custody` alone opens and changes files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("providers/local/havre_local", "havre/engine", "havre/stack")
OF_PATHS = """
    open read_text read_bytes write_text write_bytes mkdir chmod lchmod unlink rename rmdir touch
    symlink_to hardlink_to glob rglob iterdir walk
"""
OF_OS = """
    open mkdir makedirs unlink remove rename renames replace link symlink truncate chmod chown
    lchown rmdir removedirs mkfifo mknod listdir scandir walk
"""
OF_SHUTIL = "copy copy2 copyfile copytree copymode copystat move rmtree chown"
OF_TEMPFILE = """
    TemporaryFile NamedTemporaryFile SpooledTemporaryFile TemporaryDirectory mkstemp mkdtemp mktemp
"""
FUNCTIONS = {
    "os": frozenset(OF_OS.split()),
    "io": frozenset({"open"}),
    "shutil": frozenset(OF_SHUTIL.split()),
    "tempfile": frozenset(OF_TEMPFILE.split()),
}
METHODS = frozenset(OF_PATHS.split())
WRITERS = frozenset({"open", "write_atomic", "write_once", "write_whole"})

PROGRAMS = "programs that are installed, and their copy below a folder of root's"
DESCRIPTOR = "within a descriptor of a folder that `Custody` opened"
KERNEL = "the kernel's own files"
NAMED = "a file that its user names, of no data folder"
EXCEPTIONS = {
    ("havre/engine/secrets.py", "Path(name).read_text"): NAMED,
    ("havre/engine/state.py", "vault.open"): "opens an envelope and no file",
    ("havre/engine/state.py", "self.data_dir.iterdir"): "only whether anything is there",
    ("havre/engine/state.py", "self.data_dir.rmdir"): "an empty folder; no link is followed",
    ("havre/engine/state.py", "write_whole"): "is given what writes, by `Custody`",
    ("havre/stack/files.py", "folder.glob"): "names of stack files in the user's own folder",
    ("havre/stack/standing.py", "write_whole"): "is given what writes, by `Custody`",
    ("machine/backups/reading.py", "folder.backups.glob"): "names alone",
    ("machine/backups/described.py", "(place or folder.backups).glob"): (
        "names alone; what they name is authenticated"
    ),
    ("machine/backups/described.py", "os.open"): "what others may keep: authenticated, and no link",
    ("machine/backups/described.py", "work.iterdir"): "the folder that was just made",
    ("machine/ways.py", "Path(root).read_bytes"): NAMED,
    ("machine/encryption/keys.py", "(folder.keys / name).glob"): "names alone",
    ("machine/encryption/keys.py", "source.open"): NAMED,
    ("machine/encryption/keys.py", "write_once"): NAMED,
    ("machine/accounts.py", "program.read_bytes"): PROGRAMS,
    ("machine/fronts/__init__.py", "here.glob"): PROGRAMS,
    ("machine/fronts/__init__.py", "path.read_bytes"): PROGRAMS,
    ("machine/fronts/peers.py", "table.open"): KERNEL,
    ("machine/processes.py", "Path('/proc/sys/kernel/random/boot_id').read_text"): KERNEL,
    ("machine/processes.py", "Path(f'/proc/{pid}/stat').read_text"): KERNEL,
    ("machine/rights.py", "_LAST_CAPABILITY.read_bytes"): KERNEL,
    ("machine/objects/archive.py", "tarfile.open"): "of a stream",
    ("machine/objects/archive.py", "tempfile.TemporaryFile"): "a file without a name, in `run`",
    ("machine/objects/zones.py", "(folder.objects / 'zones').glob"): "names alone",
    ("machine/postgresql/installation.py", "(binaries / 'postgres').read_bytes"): PROGRAMS,
    ("machine/postgresql/installation.py", "(installation.binaries / 'postgres').read_bytes"): (
        PROGRAMS
    ),
    ("machine/postgresql/installation.py", "(place / 'extension').glob"): PROGRAMS,
    ("machine/postgresql/installation.py", "Path('/usr/lib/postgresql').glob"): PROGRAMS,
    ("machine/postgresql/installation.py", "Path(directory).chmod"): PROGRAMS,
    ("machine/postgresql/installation.py", "os.walk"): PROGRAMS,
    ("machine/postgresql/installation.py", "path.chmod"): PROGRAMS,
    ("machine/postgresql/installation.py", "shutil.copytree"): PROGRAMS,
    ("machine/supervision/daemon.py", "(folder.run / 'services').glob"): "names alone",
    ("machine/supervision/daemon.py", "os.chmod"): DESCRIPTOR,
    ("machine/supervision/daemon.py", "os.unlink"): DESCRIPTOR,
    ("machine/supervision/daemon.py", "os.open"): "the null device; a service's folder, no link",
    ("machine/supervision/services.py", "(folder.run / 'services').glob"): "names alone",
    ("machine/supervision/services.py", "os.open"): "only to reach a socket in it, no link",
}


def opens(call: ast.Call) -> bool:
    """Whether a call opens or changes a file, other than by `Custody`."""
    match call.func:
        case ast.Name(name):
            return name in WRITERS
        case ast.Attribute(ast.Name(module), name) if module in FUNCTIONS:
            return name in FUNCTIONS[module]
        case ast.Attribute(value, "replace"):
            # Texts and records have one too, with another number of arguments.
            return len(call.args) == 1 and not call.keywords
        case ast.Attribute(value, name):
            return name in METHODS and not ast.unparse(value).endswith("custody")
    return False


def bare(tree: ast.AST) -> Iterator[str]:
    """Calls that open or change a file, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and opens(node):
            yield ast.unparse(node.func)


def found_in(room: str) -> set[tuple[str, str]]:
    return {
        (path.relative_to(ROOT).as_posix().removeprefix("providers/local/havre_local/"), call)
        for path in sorted((ROOT / room).rglob("*.py"))
        for call in bare(ast.parse(path.read_text()))
    }


def test_files_of_a_data_folder_are_opened_and_changed_by_custody_alone() -> None:
    found = set().union(*map(found_in, ROOMS))
    assert found - EXCEPTIONS.keys() == set()
    assert EXCEPTIONS.keys() - found == set(), "exceptions that nothing needs any more"


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "path.open('w')",
        "(folder.run / 'x').write_bytes(b'')",
        "folder.logs.mkdir()",
        "temporary.replace(path)",
        "os.open(path, 0)",
        "os.chown(path, 0, 0)",
        "shutil.rmtree(path)",
        "tempfile.mkdtemp()",
        "write_atomic(path, b'', 0)",
        "with_custody_of(path).read_text()",
    ],
)
def test_each_way_to_open_a_file_is_found(code: str) -> None:
    assert len([*bare(ast.parse(code))]) == 1


@pytest.mark.parametrize(
    "code",
    [
        "folder.custody.open(path)",
        "self._custody.rename(path, target)",
        "text.replace('a', 'b')",
        "replace(contents, name='a')",
        "os.close(descriptor)",
        "shutil.which('postgres')",
    ],
)
def test_what_opens_none_is_not(code: str) -> None:
    assert [*bare(ast.parse(code))] == []
