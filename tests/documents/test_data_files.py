"""Data files in YAML: everything is text, everything is bounded, every fault has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from havre.documents.composing import MAX_DEPTH, compose, compose_texts
from havre.documents.installed import record_files
from havre.documents.records import MAX_BYTES, read_document
from havre.errors import InputError
from havre.policy.frameworks import installed_frameworks
from havre.policy.qualifications import installed_qualifications
from havre.spec.load import load

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nesting that is too deep"),
        ("[" * 100_000, "nesting that is too deep"),
        (BOMB, "too many values"),
        ("a: !!python/name:os.system x\n", "the tag"),
        ("a: 1\n---\nb: 2\n", "d.yaml:2:1: found a second document"),
        ("a: 1\nb:\n  c: 2\n  c: 3\n", "d.yaml:4:3: b.c: found a second time (first on line 3)"),
        ("a: 1\nb: [\n", "found a list or a section that is never closed"),
        ("# nothing\n", "found an empty file"),
        ("a: é\nb: \x07\n", "d.yaml:2:4: found the unprintable character U+0007"),
        ("#" * (MAX_BYTES + 1), "larger than"),
    ],
)
@pytest.mark.parametrize("typed", [False, True])
def test_a_file_that_is_not_plain_yaml_is_refused_at_its_line(
    tmp_path: Path, text: str, said: str, typed: bool
) -> None:
    (tmp_path / "d.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        _ = read_document(tmp_path / "d.yaml", typed=typed).data
    assert said in error.value.message
    assert error.value.remedy


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("a: !x 1\na: 2\n? [b]\n: 3\n")
    with pytest.raises(InputError) as error:
        _ = read_document(tmp_path / "d.yaml").data
    assert [line.split(":")[1] for line in error.value.message.splitlines()] == ["1", "2", "3"]


def test_values_are_text_unless_a_file_is_read_typed(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("a: [10.10, true, NO, 2026-01-01, ~]\nb: &b [x]\nc: *b\nd:\n")
    texts = read_document(tmp_path / "d.yaml")
    assert texts.data["a"] == ["10.10", "true", "NO", "2026-01-01", "~"]
    assert (texts.data["c"], texts.data["d"], texts.line(("b", 0))) == (["x"], "", 2)
    typed = read_document(tmp_path / "d.yaml", typed=True)
    assert typed.data["a"] == [10.1, True, "NO", "2026-01-01", None]
    assert typed.composed.place.children.keys() == texts.composed.place.children.keys()


EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"


def test_the_same_text_is_composed_once_and_another_by_itself() -> None:
    assert compose_texts("a: 1") is compose_texts("a: 1")
    assert compose_texts("a: 1").data == {"a": "1"}
    assert compose("a: 1").data == {"a": 1}
    assert compose_texts("a: 2").data == {"a": "2"}
    assert compose("", "warehouse").flaws != compose("", "stack").flaws


@pytest.mark.parametrize("name", ["frameworks.yaml", "qualifications.yaml", "schemes.yaml"])
def test_what_reads_an_installed_file_leaves_its_document_as_it_was(name: str) -> None:
    for _ in range(2):
        installed_frameworks()
        installed_qualifications()
    for file in record_files(name):
        text = file.path.read_text(encoding="utf-8")
        assert compose_texts(text) == compose_texts.__wrapped__(text)


def test_what_reads_a_warehouse_file_leaves_its_document_as_it_was() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    asked = (text, "warehouse", "`havre init` writes one")
    assert load(EXAMPLE).warehouse == load(EXAMPLE).warehouse
    assert compose(*asked) == compose.__wrapped__(*asked)
