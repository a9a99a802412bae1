"""Names of the certification schemes that a warehouse file may require.

A scheme is a row of data, which any distribution may ship: see `havre.policy.schemes`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from havre.documents.installed import record_files
from havre.documents.records import read_document
from havre.errors import MissingDependencyError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

FILE = "schemes.yaml"
"""Name of the files of schemes that distributions ship."""
HDS = "hds"
"""Hosts of health data, France."""
SECNUMCLOUD = "secnumcloud"
"""Qualification of cloud services by ANSSI, France."""
RULED = (HDS, SECNUMCLOUD)
"""Schemes that have rules of their own: they are known whatever is installed."""
REMEDY = "Correct the file: each scheme has an id."


class _SchemeName(BaseModel):
    id: str


class _NamesFile(BaseModel):
    """What of a file of schemes is read here; the rest is `havre.policy.schemes`'s."""

    schemes: tuple[_SchemeName, ...]


def scheme_names() -> tuple[str, ...]:
    """Short names of the schemes that are installed, those that have rules of their own first.

    Raises:
        InputError: a file of schemes cannot be read or names none.
    """
    try:
        files = record_files(FILE)
    except MissingDependencyError:
        files = ()
    found = [_names(file.path, file.path.stat().st_mtime_ns) for file in files]
    return tuple(dict.fromkeys((*RULED, *(name for names in found for name in names))))


@cache
def _names(path: Path, _changed: int) -> tuple[str, ...]:
    """The names in a file, as it was at that instant."""
    return tuple(row.id for row in read_document(path).validate(_NamesFile, REMEDY).schemes)


def installed_scheme(name: str) -> str:
    """The name, if a scheme of that name is installed; ValueError if none is."""
    if name not in RULED and name not in scheme_names():
        message = f"no certification scheme `{name}` is installed"
        raise ValueError(message)
    return name


class SchemeNames:
    """The installed names, for the JSON Schema: editors and messages list them."""

    @staticmethod
    def __get_pydantic_json_schema__(
        schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of a text that is one of the names."""
        return {**handler(schema), "enum": list(scheme_names())}
