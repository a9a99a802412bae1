"""Encrypted tables when they leave or come: opened and closed in memory, never on a disk.

An encrypted table opens under its own name and its zone's key alone. What is opened is a Parquet
file without encryption: the same values, types, row groups, compression and metadata. How a
column is encoded within a page is the writer's own choice, made anew, and always the same for the
same content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError, StateError
from havre_local.machine.objects.parquet import SUFFIX, decryption_of, encryption_of

if TYPE_CHECKING:
    import pyarrow.parquet

    from havre_local.machine.objects.parquet import Place

ENCRYPTED, PLAIN = b"PARE", b"PAR1"
"""First bytes of a Parquet file with an encrypted footer, and of one without."""
LARGEST = 2**30


@dataclass(frozen=True)
class TableCipher:
    """Implements `havre.live.encrypted.ciphers.ContentCipher` for the tables of a zone.

    Attributes:
        place: the zone.
        largest: bytes of the largest table that is opened.
    """

    place: Place
    largest: int = LARGEST

    @property
    def key(self) -> str:
        """Name of the zone's key."""
        return self.place.key

    def concerns(self, name: str) -> bool:
        """Whether an object of that key may be a table."""
        return name.endswith(SUFFIX)

    def covers(self, head: bytes) -> bool:
        """Whether a file that begins so is an encrypted table."""
        return head.startswith(ENCRYPTED)

    def opened(self, name: str, stored: bytes) -> bytes:
        """The table as a Parquet file without encryption."""
        return self._rewritten(name, stored, decryption_of(self.place, self._path(name)), None)

    def closed(self, name: str, content: bytes) -> bytes:
        """A Parquet file without encryption, encrypted under the zone's key and its name."""
        if not content.startswith(PLAIN):
            message = f"{self._path(name)} is not a Parquet file"
            raise InputError(message, "Write it as a table of the target.")
        return self._rewritten(name, content, None, encryption_of(self.place, self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self.place.bucket}/{name}"

    def _rewritten(self, name: str, content: bytes, opening: Any, closing: Any) -> bytes:
        import pyarrow as pa
        from pyarrow import parquet

        sink = pa.BufferOutputStream()
        try:
            file = parquet.ParquetFile(pa.BufferReader(content), decryption_properties=opening)
            options = {"compression": _compression(file), "encryption_properties": closing}
            with parquet.ParquetWriter(sink, file.schema_arrow, **options) as writer:
                for number in range(file.num_row_groups):
                    group = file.read_row_group(number)
                    writer.write_table(group, row_group_size=max(1, group.num_rows))
        except GuardError:
            raise
        except (pa.ArrowException, OSError) as error:
            message = f"{self._path(name)} does not open: it is damaged, or of another zone's key"
            raise StateError(message, "Restore it from a backup, or write it again.") from error
        return bytes(sink.getvalue().to_pybytes())


def _compression(file: pyarrow.parquet.ParquetFile) -> dict[str, str] | str:
    """How each column is compressed, by its path."""
    if not file.num_row_groups:
        return "snappy"
    group = file.metadata.row_group(0)
    columns = (group.column(number) for number in range(group.num_columns))
    return {
        each.path_in_schema: each.compression.lower().replace("uncompressed", "none")
        for each in columns
    }
