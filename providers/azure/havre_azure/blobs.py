"""A container of Azure Blob Storage as an object store.

The one place where a client is set up: no retries of its own, and errors classed by what can be
done. Blobs of any kind are read as objects and written as block blobs; snapshots are earlier
versions that cannot be written; blocks that were not committed are listed apart, as uploads.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import InputError, MissingDependencyError, ProviderError
from havre.live.calls import checked, classed, contradiction, left, place, ranges
from havre.live.limits import Limits, refuse_unfit
from havre.live.objects import (
    FOLDER_MARK,
    Ability,
    ChangedError,
    ExistsError,
    Lock,
    LockMode,
    ObjectKind,
    ObjectVersion,
    Properties,
    Traits,
    Upload,
    UploadedPart,
    Written,
)
from havre.live.wrappers import Content, Failure, Remedy, sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.live.wrappers import StoreClient

NATIVE = Supported(Support.NATIVE)
ABILITIES: Mapping[Ability, Supported] = {
    **dict.fromkeys(Ability, NATIVE),
    Ability.VERSIONS: Supported(Support.PARTIAL, "as far as the account keeps versions"),
    Ability.MARKERS: Supported(
        Support.PARTIAL, "a deletion is told by the lack of a current version, and never before one"
    ),
    Ability.DELETED: Supported(Support.PARTIAL, "as far as the account keeps deleted blobs"),
    Ability.UPLOADS: Supported(
        Support.PARTIAL, "blocks that were sent for a blob that exists are not listed"
    ),
    Ability.ABORT: Supported(
        Support.ABSENT, "Azure itself discards blocks a week after the last one was sent"
    ),
}
"""What the service can do."""
KEPT = Supported(
    Support.ABSENT,
    "the zone is immutable: a version that is locked is not deleted, nor made an earlier one",
)
LIMITS = Limits(
    source="Microsoft, scalability targets for Blob storage, and naming of containers, blobs and "
    "metadata; read on 2026-11-29",
    object_size=50_000 * 4_000 * 2**20,
    call_size=5_000 * 2**20,
    parts=50_000,
    part_size=4_000 * 2**20,
    least_part=1,
    key_characters=1024,
    metadata_size=8192,
    metadata_names="[A-Za-z_][A-Za-z0-9_]*",
    tag_pattern=r"[A-Za-z0-9 +\-./:=_]*",
    plain=True,
    ending=".",
    refused="\\" + "".join(map(chr, (*range(32), 127))),
)
"""Of a block blob. Control characters, backslashes and final dots: clients and proxies change
them on the way, and Microsoft advises against them."""
TIMEOUT = 30
"""Seconds to connect, and to wait for an answer."""
AGAIN_STATUS = (408, 429, 500, 502, 503, 504)
OVERLOADED_STATUS = (429, 503)
AGAIN = frozenset({"Md5Mismatch", "InvalidMd5", "Crc64Mismatch", "OperationTimedOut"})
"""Answers that may be better next time beside those of `AGAIN_STATUS`."""
NOT_THERE = frozenset({"InvalidBlockList"})
"""Answers that mean that something does not exist, beside those of status 404."""
REFUSED = frozenset(
    {
        *("AuthenticationFailed", "AuthorizationFailure", "AuthorizationPermissionMismatch"),
        *("InvalidAuthenticationInfo", "NoAuthenticationInformation", "AccountIsDisabled"),
        *("InsufficientAccountPermissions", "401", "403"),
    }
)
"""Answers that refuse whoever asks (Microsoft Learn, Blob Storage error codes; read 2026-11-30)."""
UNMET = frozenset({"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})
"""Answers to a call whose own condition does not hold."""
READ, FETCH, PAGE, WHOLE = "read_blob", "fetch_blob", "list_page", "container_properties"
"""Operations of `Container` that are no method of a blob's client: bytes of a blob, its bytes with
its properties, a page of a list, and the properties of the container."""
INCLUDED = (
    *("metadata", "tags", "snapshots", "versions", "deleted", "immutabilitypolicy", "legalhold"),
)
"""What a list tells of each blob."""
HEADERS: Mapping[str, str] = {
    name: name.replace("-", "_")
    for name in (
        *("cache-control", "content-disposition", "content-encoding", "content-language"),
        "content-type",
    )
}
"""Headers that a client may set, with the SDK's names for them."""
MODES = {LockMode.COMPLIANCE: "Locked", LockMode.GOVERNANCE: "Unlocked"}
KINDS = {"AppendBlob": ObjectKind.APPEND, "PageBlob": ObjectKind.PAGE}
_BLOCK = re.compile(r"havre-([0-9a-f]{16})-(\d{5})")


def connect(
    endpoint: str,
    container: str,
    credential: Any,
    *,
    api_version: str | None = None,
    authority: str = "",
) -> Any:
    """A client of a container, with this credential and nothing else's.

    Args:
        endpoint: address of the account.
        container: its name.
        credential: as the SDK takes it.
        api_version: version of the service's interface; None: the SDK's own.
        authority: file with the certificate of the service's authority; empty: the system's.
    """
    try:
        from azure.storage.blob import ContainerClient
    except ImportError as error:
        message = "Azure Blob Storage needs the package `azure-storage-blob`"
        raise MissingDependencyError(message, "Install it: pip install havre[azure]") from error
    given: dict[str, Any] = {"api_version": api_version} if api_version else {}
    if authority:
        given["connection_verify"] = authority
    return ContainerClient(
        endpoint,
        container,
        credential=credential,
        retry_total=0,
        connection_timeout=TIMEOUT,
        read_timeout=TIMEOUT,
        **given,
    )


def failure(error: Exception) -> Failure | None:
    """What an error of a client means; None where it comes from elsewhere."""
    from azure.core import exceptions as known

    if not isinstance(error, known.AzureError):
        return None
    if not isinstance(error, known.HttpResponseError) or error.status_code is None:
        return Failure(Remedy.RETRY, type(error).__name__)
    status = error.status_code
    code = str(getattr(getattr(error, "error_code", None), "value", None) or _code(error) or status)
    if status in AGAIN_STATUS or code in AGAIN:
        return Failure(Remedy.RETRY, code, overloaded=status in OVERLOADED_STATUS)
    absent = status == 404 or code in NOT_THERE  # noqa: PLR2004 - HTTP's own
    known_as = Remedy.REFUSED if code in REFUSED else Remedy.GIVE_UP
    remedy = Remedy.NOT_THERE if absent else known_as
    return Failure(remedy, code, unmet=code in UNMET)


def _code(error: Any) -> str:
    """The service's word for what went wrong, where the SDK does not know it."""
    return str(getattr(error, "error_code", None) or "")


@dataclass(frozen=True)
class Container:
    """A container as a store: an operation is a method of the SDK's clients, or `READ`, or `PAGE`.

    What names a `blob`, with `snapshot` or `version_id`, is asked of that blob's client.
    """

    client: Any

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation."""
        given = sent(arguments)
        if operation == PAGE:
            return self._page(**given)
        if operation == WHOLE:
            return self.client.get_container_properties(**given)
        named = {name: given.pop(name, None) for name in ("blob", "snapshot", "version_id")}
        blob = self.client.get_blob_client(**named)
        if operation in (READ, FETCH):
            found = blob.download_blob(**given, decompress=False, max_concurrency=1)
            content = found.readall()
            return content if operation == READ else (content, found.properties)
        return getattr(blob, operation)(**given)

    def _page(self, after: str | None, **given: Any) -> tuple[list[Any], str | None]:
        """The rows of a page, and what names the page after it; None: it is the last."""
        found = self.client.list_blobs(**given).by_page(continuation_token=after)
        rows = list(next(found, ()))
        return rows, found.continuation_token or None

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return failure(error)


def abilities(client: StoreClient, name: str) -> Mapping[Ability, Supported]:
    """What a container can do, as it is set up.

    A version under a policy is not deleted (Microsoft, Version-level WORM policies for immutable
    blob data, Scenarios; read on 2026-12-01), and a container does not tell which policy a new
    version gets from its account: one that may have any is taken to have it.

    Args:
        client: the container, or anything wrapped around it.
        name: of the store in messages.

    Raises:
        RetryError, ProviderError: as the service.
    """
    with classed(client, name):
        told = client.ask(WHOLE)
    kept = told.immutable_storage_with_versioning_enabled or told.has_immutability_policy
    return {**ABILITIES, **({Ability.MARKERS: KEPT} if kept else {})}


@dataclass(frozen=True)
class ContainerStore:
    """Implements `havre.live.objects.LiveStore` over the operations of a `Container`.

    Attributes:
        client: the container, or anything wrapped around it.
        name: of the store in messages.
        abilities: what the service can do.
        limits: the largest that it takes.
        page: how many rows a page of a list has at most; None: as the service likes.
    """

    client: StoreClient
    name: str
    abilities: Mapping[Ability, Supported]
    limits: Limits = LIMITS
    page: int | None = None

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every blob, version, snapshot and deleted blob, the oldest of a key first.

        A key without a current version ends with a marker, which Azure does not have; it is told
        to be as old as the last version.
        """
        rows = map(_version, self._rows(prefix, INCLUDED))
        for _, group in groupby(rows, key=lambda found: found.key):
            found = sorted(group, key=lambda found: (found.latest, found.version))
            yield from found
            yield from _deletion(found)

    def properties(self, found: ObjectVersion) -> Properties:
        """All that a version bears beside its bytes."""
        if found.marker:
            return Properties()
        told = self._same("get_blob_properties", found)
        return _properties(told, self._tags(found, told))

    def fetch(self, found: ObjectVersion) -> tuple[bytes, Properties]:
        """The bytes of a small version with all that it bears."""
        content, told = self._same(FETCH, found)
        content = checked(place(self.name, found.key), content, found.size)
        return content, _properties(told, self._tags(found, told))

    def _tags(self, found: ObjectVersion, told: Any) -> Mapping[str, str]:
        """The tags of a version.

        Its properties tell how many there are (Microsoft, Get Blob Properties, `x-ms-tag-count`),
        and a list with tags, which came before, is refused to whoever may not read them.
        """
        if not self._has(Ability.TAGS) or not told.tag_count:
            return {}
        tags: Mapping[str, str] = self._ask("get_blob_tags", **_where(found))
        return tags

    def read(
        self, found: ObjectVersion, first: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of a version, in pieces."""
        for begin, size in ranges(found.size, first, length):
            data = self._same(READ, found, offset=begin, length=size)
            yield checked(place(self.name, found.key), data, size)

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        """Write an object with all its properties in one call."""
        size = left(content)
        refuse_unfit(self, key, size, properties)
        answer = self._ask(
            "upload_blob",
            ExistsError,
            blob=key,
            data=Content(content, content.tell()),
            length=size,
            overwrite=not create_only,
            **_given(properties),
        )
        return _written(answer)

    def begin(self, key: str, properties: Properties) -> Upload:
        """Begin an object in parts: Azure hears of it with the first."""
        refuse_unfit(self, key, 1, properties)
        _given(properties)
        return Upload(key, secrets.token_hex(8), properties)

    def resume(self, upload: Upload) -> Sequence[UploadedPart]:
        """The blocks that Azure has of an upload."""
        _, found = self._ask("get_block_list", blob=upload.key, block_list_type="uncommitted")
        parts = [
            UploadedPart(number, block.size, block.id)
            for block in found
            for identifier, number in [_named(block.id)]
            if identifier == upload.identifier
        ]
        return sorted(parts, key=lambda part: part.number)

    def part(self, upload: Upload, number: int, content: bytes) -> UploadedPart:
        """Send a block."""
        block = base64.b64encode(f"havre-{upload.identifier}-{number:05d}".encode()).decode()
        self._ask("stage_block", blob=upload.key, block_id=block, data=content, length=len(content))
        return UploadedPart(number, len(content), block)

    def complete(
        self, upload: Upload, parts: Sequence[UploadedPart], *, create_only: bool = False
    ) -> Written:
        """Make the object of its blocks, with its properties."""
        from azure.core import MatchConditions
        from azure.storage.blob import BlobBlock

        only = {"match_condition": MatchConditions.IfMissing} if create_only else {}
        answer = self._ask(
            "commit_block_list",
            ExistsError,
            blob=upload.key,
            block_list=[BlobBlock(block_id=part.entity) for part in parts],
            **only,
            **_given(upload.properties),
        )
        return _written(answer)

    def abort(self, upload: Upload) -> None:
        """Refused: only Azure itself discards blocks of which no blob was made."""
        reason = self.abilities[Ability.ABORT].reason
        message = f"{place(self.name, upload.key)}: an upload cannot be given up: {reason}"
        raise ProviderError(message, "Write the object, or wait.")

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """Blocks that were sent for a blob that does not exist."""
        for row in self._rows(prefix, ("uncommittedblobs",)):
            if row.size or row.content_settings.content_type:
                continue
            committed, sent_ones = self._ask("get_block_list", blob=row.name, block_list_type="all")
            identifiers = {_named(block.id)[0] for block in sent_ones}
            for identifier in sorted(() if committed else identifiers):
                yield Upload(row.name, identifier, begun=row.creation_time)

    def lock(self, found: ObjectVersion, lock: Lock) -> None:
        """Keep a version from deletion until an instant."""
        self._ask("set_immutability_policy", **_where(found), immutability_policy=_policy(lock))

    def tag(self, found: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Give a version these tags in place of its former ones."""
        refuse_unfit(self, found.key, found.size, Properties(tags=tags))
        self._ask("set_blob_tags", **_where(found), tags=dict(tags))

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        """Put a version under a legal hold, or lift it."""
        self._ask("set_legal_hold", **_where(found), legal_hold=on)

    def mark(self, key: str) -> Written:
        """Delete what a key names now; its versions stay, and none of them is current."""
        self._ask("delete_blob", blob=key)
        return Written("", "")

    def delete(self, found: ObjectVersion) -> None:
        """Delete a version for good; the latest becomes an earlier one before it goes.

        Raises:
            ProviderError: it is a marker: Azure makes no earlier version the current one again.
        """
        if found.marker:
            message = f"{place(self.name, found.key)}: a deletion cannot be taken back"
            raise ProviderError(message, "Write the object again.")
        if found.latest and found.version:
            self.mark(found.key)
        self._ask("delete_blob", **_where(found))

    def _rows(self, prefix: str, included: Sequence[str]) -> Iterator[Any]:
        """The rows of a list, page by page.

        Raises:
            StateError: a page comes again.
        """
        after: str | None = None
        firsts: set[tuple[object, ...]] = set()
        given = {"name_starts_with": prefix or None, "include": list(included)}
        while True:
            rows, after = self._ask(PAGE, after=after, results_per_page=self.page, **given)
            first = (rows[0].name, rows[0].snapshot, rows[0].version_id) if rows else (after,)
            if first in firsts:
                raise contradiction(self.name, "its list does not go on")
            firsts.add(first)
            yield from rows
            if after is None:
                return

    def _same(self, operation: str, found: ObjectVersion, **given: Any) -> Any:
        """The answer about a version as it was listed: of one that is gone Azure says no more."""
        from azure.core import MatchConditions

        where = _where(found)
        only = {"etag": found.entity, "match_condition": MatchConditions.IfNotModified}
        try:
            return self._ask(operation, ChangedError, **where, **only, **given)
        except ChangedError:
            self._ask("get_blob_properties", **where)
            raise

    def _has(self, ability: Ability) -> bool:
        return self.abilities[ability].support is not Support.ABSENT

    def _ask(
        self, operation: str, unmet: type[ProviderError] = ProviderError, /, **arguments: Any
    ) -> Any:
        with classed(self.client, place(self.name, str(arguments.get("blob") or "")), unmet):
            return self.client.ask(operation, **arguments)


def _version(row: Any) -> ObjectVersion:
    """A row of a list."""
    properties = _properties(row, row.tags or {})
    current = row.version_id is None or bool(row.is_current_version)
    deleted, snapshot = bool(row.deleted), bool(row.snapshot)
    return ObjectVersion(
        row.name,
        row.snapshot or row.version_id or "",
        row.size,
        _entity(row.etag),
        row.last_modified,
        latest=current and not snapshot and not deleted,
        snapshot=snapshot,
        deleted=deleted,
        listed=properties,
    )


def _deletion(found: Sequence[ObjectVersion]) -> Iterator[ObjectVersion]:
    """The marker of a key whose versions, the oldest first, have no current one."""
    kept = [each for each in found if each.version and not (each.deleted or each.snapshot)]
    if kept and not any(each.latest for each in found):
        yield ObjectVersion(kept[-1].key, "", 0, "", kept[-1].modified, marker=True)


def _entity(etag: str) -> str:
    """A tag as calls want it: lists give it without quotation marks."""
    return f'"{etag.strip(chr(34))}"'


def _properties(told: Any, tags: Mapping[str, str]) -> Properties:
    """Properties as the SDK tells them, in a list or for one blob."""
    settings = told.content_settings
    headers = {name: getattr(settings, theirs) for name, theirs in HEADERS.items()}
    policy = told.immutability_policy
    mode = str(policy.policy_mode or "").lower()
    modes = {theirs.lower(): ours for ours, theirs in MODES.items()}
    return Properties(
        {name: value for name, value in headers.items() if value},
        told.metadata or {},
        tags,
        "" if told.blob_tier_inferred else str(told.blob_tier or ""),
        Lock(policy.expiry_time, modes[mode]) if policy.expiry_time and mode in modes else None,
        bool(told.has_legal_hold),
        _traits(told),
    )


def _traits(told: Any) -> Traits:
    """What only the service sets."""
    kind = KINDS.get(str(getattr(told.blob_type, "value", told.blob_type)), ObjectKind.ORDINARY)
    folder = str((told.metadata or {}).get(FOLDER_MARK, "")).lower() == "true"
    digest = told.content_settings.content_md5
    return Traits(
        kind=ObjectKind.FOLDER if folder else kind,
        created=told.creation_time,
        key=told.encryption_key_sha256 or "",
        scope=told.encryption_scope or "",
        archived=told.blob_tier == "Archive",
        digests={"md5": base64.b64encode(digest).decode()} if digest else {},
    )


def _where(found: ObjectVersion) -> dict[str, str]:
    """Names a version to `Container`."""
    if not found.version:
        return {"blob": found.key}
    return {"blob": found.key, ("snapshot" if found.snapshot else "version_id"): found.version}


def _given(properties: Properties) -> dict[str, Any]:
    """Arguments of a call that writes, with all properties."""
    from azure.storage.blob import ContentSettings

    headers = {HEADERS[name]: value for name, value in properties.headers.items()}
    given: dict[str, Any] = {
        "content_settings": ContentSettings(**headers),
        "metadata": dict(properties.metadata),
    }
    if properties.tags:
        given["tags"] = dict(properties.tags)
    if properties.tier:
        given["standard_blob_tier"] = _tier(properties.tier)
    if properties.lock:
        given["immutability_policy"] = _policy(properties.lock)
    if properties.held:
        given["legal_hold"] = True
    return given


def _tier(name: str) -> Any:
    """A tier as the SDK names it.

    Raises:
        InputError: Azure has none of that name.
    """
    from azure.storage.blob import StandardBlobTier

    try:
        return StandardBlobTier(name)
    except ValueError as error:
        known = ", ".join(tier.value for tier in StandardBlobTier)
        message = f"Azure Blob Storage has no tier `{name}`"
        raise InputError(message, f"Its tiers: {known}.") from error


def _policy(lock: Lock) -> Any:
    from azure.storage.blob import ImmutabilityPolicy

    return ImmutabilityPolicy(expiry_time=lock.until, policy_mode=MODES[lock.mode])


def _written(answer: Mapping[str, Any]) -> Written:
    return Written(answer.get("version_id") or "", _entity(answer["etag"]))


def _named(block: str) -> tuple[str, int]:
    """Upload and number of a block; an empty name where Havre did not send it."""
    try:
        found = _BLOCK.fullmatch(base64.b64decode(block).decode("ascii"))
    except (binascii.Error, UnicodeDecodeError):
        found = None
    return (found[1], int(found[2])) if found else ("", 0)
