"""Files that are not what they are given for: each is told what it is."""

import gzip
import json
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.plan import json_files

DOCUMENT = json.dumps({"steps": [{"op": "create", "note": "Hôpital"}]}, ensure_ascii=False)
LINES = json.dumps({"steps": []}, indent=4)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_what_shells_write_is_read(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "preview.json"
    path.write_bytes(DOCUMENT.encode(coding))
    assert json_files.read(path)["steps"][0]["note"] == "Hôpital"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (
            b"Installing pack...\n" + LINES.encode(),
            "there is text before the JSON: `Installing pack",
        ),
        (
            LINES.encode() + b"\nwarning: new version\n",
            "there is text after the JSON: `warning: new",
        ),
        (b"\x1b[1mPreviewing\x1b[0m\n{}", r"there is text before the JSON: `\\x1b\[1mPreviewing"),
        (b'{"sequence":0}\n{"sequence":1}\n', "is an event log, not a preview"),
        ('{"deployment": "hôtel"}'.encode("latin-1"), "is not UTF-8: byte 0xf4 at 17"),
        (gzip.compress(LINES.encode(), mtime=0), "is compressed by gzip, not JSON"),
        (b"PK\x03\x04rest", "is a ZIP archive, not JSON"),
        (b"age-encryption.org/v1\n-> X25519", "is encrypted by age, not JSON"),
        (b"-----BEGIN PGP MESSAGE-----\n", "is encrypted by OpenPGP, not JSON"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n62", "is encrypted by Ansible, not JSON"),
        (b"Salted__\x93\x02", "is encrypted by OpenSSL, not JSON"),
        (b"<!doctype html><title>Sign in", "is a web page, not JSON"),
        (b'{"steps": [{"op": "cre', "is cut off"),
        (LINES.encode()[:-1], "is cut off"),
        (b"steps:\n  - op: create\n", "is not valid JSON"),
        (b'{"steps": nothing}', "is not valid JSON"),
        (b"[" * 100_000, "cannot|is cut off|not valid JSON"),
        (b"[]", "does not contain a JSON object"),
        (b"1" * 5_000, "is not valid JSON"),
    ],
)
def test_a_file_is_told_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        json_files.read(path)


def test_a_whole_text_is_never_called_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_text(LINES + "\nand more")
    with pytest.raises(InputError) as raised:
        json_files.read(path)
    assert "cut off" not in str(raised.value)
    assert "2>/dev/null" in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        json_files.read(tmp_path / "missing.json")
