"""Tables as Parquet files in a zone, encrypted on the client with the zone's key.

Parquet modular encryption: every column and the footer, AES-256-GCM, each file with data
keys of its own, wrapped by the zone's key. The object store holds no key and sees no value.

With a file's data key the name of its object is wrapped, so that two tables of a zone that were
exchanged do not open: only a holder of the zone's key can bind a table to a name. Tables written
before that are read with one warning, which names the first that a dataset meets. An object's own
earlier content opens in its place: nothing in a single object shows that it is not the latest.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import HOST
from havre_local.machine.objects import gateway

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.fs
    import pyarrow.parquet

    from havre_local.machine.folder import Folder

KEY_BITS = 256
SUFFIX = ".parquet"
_BOUND = b"havre table\0"


@dataclass(frozen=True)
class Place:
    """A zone as one account reaches it."""

    folder: Folder
    key: str
    """Name of the zone's key."""
    bucket: str
    port: int
    access: str
    secret: str = field(repr=False)


def write_table(place: Place, path: str, table: pa.Table) -> None:
    """Write `table` as the encrypted object `path` (it ends with .parquet).

    Raises:
        InputError: the object's name has another ending.
        StateError: the zone's key is missing.
    """
    from pyarrow import parquet

    if not path.endswith(SUFFIX):
        message = f"{path}: a table's object ends with {SUFFIX}"
        raise InputError(message, f"Name it {path}{SUFFIX}.")
    name = f"{place.bucket}/{path}"
    parquet.write_table(
        table,
        name,
        filesystem=filesystem(place),
        encryption_properties=encryption_of(place, name),
    )


def encryption_of(place: Place, name: str) -> Any:
    """How the file `name`, a bucket and a path, is encrypted: under the zone's key and its name."""
    factory, connection = _crypto(place, name, _Unbound())
    return factory.file_encryption_properties(connection, _encryption(place.key))


def decryption_of(place: Place, name: str) -> Any:
    """How the file `name` is decrypted, if it was written under that name."""
    factory, connection = _crypto(place, name, _Unbound())
    return factory.file_decryption_properties(connection, _decryption())


def open_dataset(place: Place, prefix: str = "") -> pyarrow.dataset.Dataset:
    """Open the Parquet files below `prefix` as one dataset, decrypted as it is read.

    It is read in parts and in parallel, by Arrow or by what reads Arrow: in DuckDB, a
    Python variable that holds it can be queried by its name.

    Raises:
        FileNotFoundError: there is no such object.
        OSError: the object store refuses, or a file is not encrypted with this zone's key.
    """
    from pyarrow import dataset, schema

    files = filesystem(place)
    found = dataset.dataset(
        f"{place.bucket}/{prefix}".rstrip("/"),
        schema=schema([]),  # so that nothing is opened yet
        filesystem=files,
        format="parquet",
    )
    unbound = _Unbound()
    fragments = [
        _format(place, path, unbound).make_fragment(path, filesystem=files) for path in found.files
    ]
    columns = fragments[0].physical_schema if fragments else found.schema
    return dataset.FileSystemDataset(fragments, columns, found.format, files)


def _format(place: Place, name: str, unbound: _Unbound) -> Any:
    """Return how the file `name` is read: decrypted if it was written under that name."""
    from pyarrow import dataset

    factory, connection = _crypto(place, name, unbound)
    decryption = dataset.ParquetDecryptionConfig(factory, connection, _decryption())
    options = dataset.ParquetFragmentScanOptions(decryption_config=decryption)
    return dataset.ParquetFileFormat(default_fragment_scan_options=options)


def filesystem(place: Place) -> pyarrow.fs.S3FileSystem:
    """Return the object store as a file system of Arrow; the server is verified."""
    from pyarrow import fs

    return fs.S3FileSystem(
        access_key=place.access,
        secret_key=place.secret,
        region=gateway.REGION,
        scheme="https",
        endpoint_override=f"{HOST}:{place.port}",
        tls_ca_file_path=str(place.folder.authority),
    )


def _encryption(key: str) -> Any:
    from pyarrow.parquet import encryption

    return encryption.EncryptionConfiguration(
        footer_key=key,
        uniform_encryption=True,
        plaintext_footer=False,
        encryption_algorithm="AES_GCM_V1",
        data_key_length_bits=KEY_BITS,
        # Wrapped once, by our key: a rotation counts from the next file on, not from
        # when a cached key between the two expires.
        double_wrapping=False,
        internal_key_material=True,
    )


def _decryption() -> Any:
    from pyarrow.parquet import encryption

    return encryption.DecryptionConfiguration(cache_lifetime=dt.timedelta(minutes=5))


class UnboundTableWarning(UserWarning):
    """A table may have been exchanged: an earlier Havre wrote it, bound to no name."""


@dataclass
class _Unbound:
    """Tells of the first table of a dataset that is bound to no name, and of no other."""

    told: bool = False

    def tell(self, name: str) -> None:
        if not self.told:
            self.told = True
            message = (
                f"{name} was written by an earlier Havre and is not bound to its name: anyone who "
                "can write objects could have exchanged it, and others. Write such tables again."
            )
            warnings.warn(message, UnboundTableWarning, stacklevel=2)


def _binding(name: str) -> bytes:
    """Return what is wrapped before a data key: it is longer than any key without a name."""
    return _BOUND + hashlib.sha256(name.encode()).digest()


@dataclass(frozen=True)
class _DataKeys:
    """Wraps and unwraps the data key of one file: by its zone's key only, under its name only."""

    place: Place
    name: str
    unbound: _Unbound

    def wrap(self, data_key: bytes, identifier: str) -> bytes:
        self._check(identifier)
        wrapped = keys.wrap(self.place.folder, self.place.key, _binding(self.name) + data_key)
        return base64.b64encode(wrapped)

    def unwrap(self, wrapped: bytes, identifier: str) -> bytes:
        self._check(identifier)
        plain = keys.unwrap(self.place.folder, self.place.key, base64.b64decode(wrapped))
        binding = _binding(self.name)
        if len(plain) == KEY_BITS // 8:
            self.unbound.tell(self.name)
            return plain
        if not plain.startswith(binding):
            message = f"{self.name} contains a table that was written under another name"
            raise GuardError(message, "Write the table again, or restore it from a backup.")
        return plain[len(binding) :]

    def _check(self, identifier: str) -> None:
        # A file names its key itself: one put into this zone must open no other zone's.
        if identifier != self.place.key:
            message = f"A file in the zone of key {self.place.key} needs the key {identifier}"
            raise GuardError(message, "Remove that file.")


def _crypto(place: Place, name: str, unbound: _Unbound) -> tuple[Any, Any]:
    """Return a factory of encryption properties for one file."""
    from pyarrow.parquet import encryption

    data_keys = _DataKeys(place, name, unbound)

    class ZoneKeys(encryption.KmsClient):  # type: ignore[misc]
        """The zone's key, asked by Arrow for the file's data key."""

        def __init__(self, _: Any) -> None:
            super().__init__()

        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return data_keys.wrap(key_bytes, master_key_identifier)

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            return data_keys.unwrap(wrapped_key, master_key_identifier)

    return encryption.CryptoFactory(ZoneKeys), encryption.KmsConnectionConfig()
