"""Tables as Parquet files in a zone, encrypted on the client with the zone's key.

Parquet modular encryption: every column and the footer, AES-256-GCM, each file with data
keys of its own, wrapped by the zone's key. The object store holds no key and sees no value.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import HOST, Folder
from havre_local.machine.objects import gateway

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.fs
    import pyarrow.parquet

KEY_BITS = 256
_SUFFIX = ".parquet"


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

    if not path.endswith(_SUFFIX):
        message = f"{path}: a table's object ends with {_SUFFIX}"
        raise InputError(message, f"Name it {path}{_SUFFIX}.")
    factory, connection = _crypto(place.folder, place.key)
    properties = factory.file_encryption_properties(connection, _encryption(place.key))
    parquet.write_table(
        table,
        f"{place.bucket}/{path}",
        filesystem=filesystem(place),
        encryption_properties=properties,
    )


def open_dataset(place: Place, prefix: str = "") -> pyarrow.dataset.Dataset:
    """Open the Parquet files below `prefix` as one dataset, decrypted as it is read.

    It is read in parts and in parallel, by Arrow or by what reads Arrow: in DuckDB, a
    Python variable that holds it can be queried by its name.

    Raises:
        FileNotFoundError: there is no such object.
        OSError: the object store refuses, or a file is not encrypted with this zone's key.
    """
    from pyarrow import dataset

    factory, connection = _crypto(place.folder, place.key)
    decryption = dataset.ParquetDecryptionConfig(factory, connection, _decryption())
    options = dataset.ParquetFragmentScanOptions(decryption_config=decryption)
    return dataset.dataset(
        f"{place.bucket}/{prefix}".rstrip("/"),
        filesystem=filesystem(place),
        format=dataset.ParquetFileFormat(default_fragment_scan_options=options),
    )


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


def _crypto(folder: Folder, key: str) -> tuple[Any, Any]:
    """Return a factory of encryption properties that wraps with the key `key` only."""
    from pyarrow.parquet import encryption

    class ZoneKeys(encryption.KmsClient):  # type: ignore[misc]
        """The zone's key, asked by Arrow for each file's data keys."""

        def __init__(self, _: Any) -> None:
            super().__init__()

        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            _check(master_key_identifier)
            return base64.b64encode(keys.wrap(folder, key, key_bytes))

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            _check(master_key_identifier)
            return keys.unwrap(folder, key, base64.b64decode(wrapped_key))

    def _check(identifier: str) -> None:
        # A file names its key itself: one put into this zone must open no other zone's.
        if identifier != key:
            message = f"A file that needs the key {identifier} lies in a zone of {key}"
            raise GuardError(message, "Remove that file.")

    return encryption.CryptoFactory(ZoneKeys), encryption.KmsConnectionConfig()
