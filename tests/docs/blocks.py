"""Blocks of a page: commands with what they print, and files, as `docs/about.md` tells."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

RUN = frozenset({"console", "sh", "bash"})
FENCE = re.compile(r"^( *)(`{3,})\s*([\w-]*)\s*(.*)$")
DIRECTIVE = re.compile(r"<!-- (not run|needs|stands|given): (.+?) -->")
EXIT = re.compile(r"\s# exit (\d+)$")
TITLE = re.compile(r'title="([^"]+)"')
ANY = "..."
Answers = dict[int, tuple[int, list[str]]]
"""Exit code and lines of output by the number of the command."""


@dataclass(frozen=True)
class Command:
    """One command of a page.

    Attributes:
        line: where it stands, from 1.
        text: what is typed.
        code: the exit code that it must have.
        shown: lines of its output; empty: not compared.
    """

    line: int
    text: str
    code: int = 0
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: of its fence, from 1.
        language: after the fence; `console` also where nothing is and a prompt follows.
        title: file that the block is, where it has one.
        lines: what stands in it.
        not_run: why its commands are not run; empty: they are.
        needs: a program without which they are not run.
    """

    line: int
    language: str
    title: str
    lines: tuple[str, ...]
    not_run: str = ""
    needs: str = ""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def commands(self) -> tuple[Command, ...]:
        if self.language not in RUN:
            return ()
        numbered = list(enumerate(self.lines, self.line + 1))
        if self.language == "console":
            return tuple(_with_output(numbered))
        return tuple(_command(number, text) for number, text in _joined(numbered) if text.strip())


@dataclass
class Page:
    """What a page holds, in its order.

    Attributes:
        blocks: commands and files.
        stands: data folders in which the example warehouse must stand before.
        given: files of this repository that must be there, by name.
    """

    blocks: list[Block] = field(default_factory=list)
    stands: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> list[Block]:
        """The blocks that are run here."""
        able = [each for each in self.blocks if not each.needs or shutil.which(each.needs)]
        return [each for each in able if not each.not_run]

    @property
    def commands(self) -> list[Command]:
        return [command for block in self.run for command in block.commands]


def read_page(text: str) -> Page:
    """The blocks and directives of a page."""
    page = Page()
    told: dict[str, str] = {}
    opened: tuple[int, str, str, str, str] | None = None
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, inside = (number, fence[1], fence[2], fence[3], fence[4]), []
        elif opened and line.strip() == opened[2]:
            page.blocks.append(_block(opened, inside, told))
            opened, told = None, {}
        elif opened:
            inside.append(line.removeprefix(opened[1]))
        elif line.strip():
            found = dict(DIRECTIVE.findall(line))
            told = {**told, **found} if found else {}
            _note(page, found)
    assert opened is None, f"line {opened and opened[0]}: the block has no end"
    return page


def _note(page: Page, found: dict[str, str]) -> None:
    if "stands" in found:
        page.stands.append(found["stands"])
    if "given" in found:
        name, _, source = found["given"].partition(" is ")
        page.given[name] = source


def _block(
    opened: tuple[int, str, str, str, str], inside: list[str], told: dict[str, str]
) -> Block:
    number, _, _, language, rest = opened
    prompt = not language and any(line.startswith("$ ") for line in inside)
    title = TITLE.search(rest)
    return Block(
        number,
        "console" if prompt else language,
        title.group(1) if title else "",
        tuple(inside),
        told.get("not run", ""),
        told.get("needs", ""),
    )


def _joined(numbered: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Lines, those that end in a backslash with those after them."""
    began = 0
    parts: list[str] = []
    for number, line in numbered:
        began = began if parts else number
        parts.append(line)
        if not line.endswith("\\"):
            yield began, "\n".join(parts)
            parts = []


def _with_output(numbered: list[tuple[int, str]]) -> Iterator[Command]:
    held: Command | None = None
    shown: list[str] = []
    for number, line in _joined(numbered):
        if line.startswith("$ "):
            if held:
                yield _command(held.line, held.text, shown)
            held, shown = Command(number, line[2:]), []
        else:
            assert held, f"line {number}: output before any command"
            shown += line.split("\n")
    if held:
        yield _command(held.line, held.text, shown)


def _command(line: int, text: str, shown: list[str] | None = None) -> Command:
    code = EXIT.search(text)
    lines = [each.rstrip() for each in shown or []]
    while lines and not lines[-1]:
        lines.pop()
    return Command(line, EXIT.sub("", text), int(code.group(1)) if code else 0, tuple(lines))


def agrees(shown: tuple[str, ...], real: list[str]) -> bool:
    """Whether lines are as shown: `...` alone is any lines, within a line any text."""
    patterns = [
        None if line.strip() == ANY else re.compile(re.escape(line).replace(re.escape(ANY), ".*"))
        for line in shown
    ]
    at = here = 0
    star: tuple[int, int] | None = None
    while here < len(real):
        pattern = patterns[at] if at < len(patterns) else re.compile(r"(?!)")
        if pattern is None:
            star, at = (at, here), at + 1
        elif pattern.fullmatch(real[here]):
            at, here = at + 1, here + 1
        elif star:
            star = (star[0], star[1] + 1)
            at, here = star[0] + 1, star[1]
        else:
            return False
    return all(pattern is None for pattern in patterns[at:])


def script(blocks: list[Block]) -> str:
    """A shell's script of files and commands; after each command its number and exit code."""
    lines, count = [], 0
    for block in blocks:
        if block.title:
            folder, name = (
                shlex.quote(block.title.rpartition("/")[0] or "."),
                shlex.quote(block.title),
            )
            lines.append(f"mkdir -p {folder} && printf %s {shlex.quote(block.text)} > {name}")
        for command in block.commands:
            lines.append(f"eval {shlex.quote(command.text)}")
            lines.append(f"printf '\\n\\036%d %d\\n' {count} $?")
            count += 1
    return "\n".join(lines) + "\n"


def answers(output: str) -> Answers:
    """Exit code and lines of output by the number of the command."""
    found: Answers = {}
    kept: list[str] = []
    for line in output.split("\n"):
        if line.startswith("\x1e"):
            number, code = line[1:].split()
            while kept and not kept[-1]:
                kept.pop()
            found[int(number)] = (int(code), kept)
            kept = []
        else:
            kept.append(line.rstrip())
    return found
