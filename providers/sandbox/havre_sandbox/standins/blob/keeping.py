"""Versions, soft deletion and protection of blobs, over a server that knows snapshots alone.

A version that is no longer current is a snapshot of Azurite's. A blob that was deleted while
versions of it are kept stays upstream, and the front hides it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from havre_sandbox.standins.blob import protection, refusals
from havre_sandbox.standins.blob.azurite import succeeded
from havre_sandbox.standins.blob.catalogue import Version, VersionState
from havre_sandbox.standins.blob.protection import Deed
from havre_sandbox.standins.web.exchange import FrontAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre_sandbox.standins.blob.azurite import Azurite
    from havre_sandbox.standins.blob.catalogue import Catalogue, Place
    from havre_sandbox.standins.web.exchange import Request

_STRIPES = 256
_DAY = 86_400.0
_CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
_LEASE = "x-ms-lease-id"


@dataclass(frozen=True)
class Keeper:
    """Keeps the versions of every blob.

    Attributes:
        catalogue: what is known of them.
        azurite: what has their bytes.
    """

    catalogue: Catalogue
    azurite: Azurite
    _locks: tuple[threading.RLock, ...] = field(
        default_factory=lambda: tuple(threading.RLock() for _ in range(_STRIPES))
    )

    def lock(self, place: Place, name: str) -> threading.RLock:
        """What is held while a blob is changed."""
        return self._locks[hash((place.account, place.upstream, name)) % _STRIPES]

    def found(self, request: Request, place: Place, name: str) -> Version | None:
        """The version that a request names; None: one that the catalogue does not know.

        Raises:
            RefusedRequest: there is none.
        """
        wanted = request.query.get("versionid")
        if wanted is not None:
            for each in self.catalogue.versions(place, name).values():
                kept = each.state in (VersionState.CURRENT, VersionState.PREVIOUS)
                if each.identifier == wanted and kept:
                    return each
            raise refusals.no_blob()
        version = self.catalogue.at(place, name, request.query.get("snapshot", ""))
        if version is not None and version.state is not VersionState.CURRENT:
            raise refusals.no_blob()
        return version

    def asked(self, request: Request, place: Place, version: Version | None) -> FrontAnswer:
        """Pass on a request about a version, and tell what is known of it."""
        query = dict(request.query)
        if query.pop("versionid", None) is not None and version is not None and version.snapshot:
            query["snapshot"] = version.snapshot
        answer = self.azurite.passed(request, place, query=query)
        if version is not None and succeeded(answer):
            self._tell(answer, place, version)
        return answer

    def _tell(self, answer: FrontAnswer, place: Place, version: Version) -> None:
        for name, value in protection.shown(version).items():
            answer.put(name, value)
        if place.of_account.versions:
            answer.put("x-ms-version-id", version.identifier)
            if version.state is VersionState.CURRENT:
                answer.put("x-ms-is-current-version", "true")

    def replace(self, request: Request, place: Place, name: str, deed: Deed) -> FrontAnswer:
        """Write a blob, or its metadata: what was there before becomes a version.

        Raises:
            RefusedRequest: a policy or a hold forbids it.
        """
        with self.lock(place, name):
            base = self.catalogue.at(place, name, "")
            there = base is not None and base.state is VersionState.CURRENT
            if base is not None and there:
                protection.guard(place, base, deed)
            elif deed is Deed.CHANGE and base is not None:
                raise refusals.no_blob()
            new = protection.born(request, place, name)
            if deed is Deed.CHANGE and base is not None:
                new = replace(new, scope=base.scope)
            headers = {} if base is None or there else self._unconditional(request)
            kept = self._kept(place, base)
            snapshot = self.azurite.snapshot(place, name) if kept else ""
            answer = self.azurite.passed(request, place, headers=headers)
            if not succeeded(answer):
                if snapshot:
                    self.azurite.remove(place, name, snapshot)
                return answer
            self._succeed(place, base, new, snapshot)
            self._tell(answer, place, new)
        return answer

    def _unconditional(self, request: Request) -> dict[str, str]:
        """Headers without conditions, which are about a blob that is hidden: it is not there."""
        if request.header("if-match"):
            raise refusals.unmet()
        return dict.fromkeys((*_CONDITIONS, _LEASE), "")

    def _kept(self, place: Place, base: Version | None) -> bool:
        """Whether a blob's former state is kept when it is written over."""
        if base is None or base.state is VersionState.GONE:
            return False
        if base.state is not VersionState.CURRENT:
            return True
        return place.of_account.versions or place.of_account.deleted_days > 0

    def _succeed(self, place: Place, base: Version | None, new: Version, snapshot: str) -> None:
        """Record a new version, and what became of the one before."""
        with self.catalogue.writing():
            if base is not None and snapshot:
                self.catalogue.put_version(
                    place, replace(self._past(place, base), snapshot=snapshot)
                )
            elif base is not None:
                self.catalogue.drop_version(place, base)
            self.catalogue.put_version(place, new)

    def _past(self, place: Place, version: Version) -> Version:
        """What becomes of a version that is no longer current."""
        if version.state is not VersionState.CURRENT:
            return version
        if place.of_account.versions:
            return replace(version, state=VersionState.PREVIOUS)
        return self._soft(version)

    def _soft(self, version: Version) -> Version:
        return replace(version, state=VersionState.DELETED, deleted=protection.now().timestamp())

    def grow(self, request: Request, place: Place, name: str, deed: Deed) -> FrontAnswer:
        """Change a blob in its place: no version is made of its former state.

        Raises:
            RefusedRequest: a policy or a hold forbids it, or there is no blob.
        """
        with self.lock(place, name):
            version = self.found(request, place, name)
            if version is not None:
                protection.guard(place, version, deed)
            return self.asked(request, place, version)

    def delete(self, request: Request, place: Place, name: str) -> FrontAnswer:
        """Delete a blob, a snapshot or a version.

        Raises:
            RefusedRequest: a policy or a hold forbids it, or there is none.
        """
        with self.lock(place, name):
            version = self.found(request, place, name)
            if "versionid" in request.query and version is not None:
                return self._delete_version(place, version)
            if version is None or "snapshot" in request.query:
                return self.azurite.passed(request, place)
            protection.guard(place, version, Deed.DELETE)
            return self._delete_current(request, place, version)

    def _delete_version(self, place: Place, version: Version) -> FrontAnswer:
        if version.state is VersionState.CURRENT:
            raise refusals.root_blob()
        protection.guard(place, version, Deed.DELETE)
        if place.of_account.deleted_days:
            self.catalogue.put_version(place, self._soft(version))
        else:
            self.purge(place, version)
        return FrontAnswer(202)

    def _delete_current(self, request: Request, place: Place, version: Version) -> FrontAnswer:
        """Delete what a name means, once conditions, lease and snapshots allow it."""
        headers = {name: request.header(name) for name in (*_CONDITIONS, _LEASE)}
        given = {name: value for name, value in headers.items() if value}
        told = self.azurite.own("HEAD", place, version.name, headers=given)
        if not succeeded(told):
            told.put("Content-Type", "application/xml")
            return FrontAnswer(told.status, told.headers)
        if told.header("x-ms-lease-status") == "locked" and not request.header(_LEASE):
            raise refusals.no_lease()
        how = request.header("x-ms-delete-snapshots")
        own = self._snapshots(place, version.name)
        if own and not how:
            raise refusals.snapshots_present()
        for snapshot in own:
            self.azurite.remove(place, version.name, snapshot)
        if how == "only":
            return FrontAnswer(202)
        if place.of_account.versions or place.of_account.deleted_days:
            self.catalogue.put_version(place, self._past(place, version))
        else:
            self.purge(place, version)
        return FrontAnswer(202, [("x-ms-delete-type-permanent", "false")])

    def _snapshots(self, place: Place, name: str) -> list[str]:
        """Snapshots that a client took."""
        known = self.catalogue.versions(place, name)
        return [
            snapshot
            for row in self.azurite.rows(place, name)
            if row.findtext("Name") == name and (snapshot := row.findtext("Snapshot"))
            if (name, snapshot) not in known
        ]

    def restore(self, place: Place, name: str) -> FrontAnswer:
        """Bring back what was deleted and is kept.

        Raises:
            RefusedRequest: there is nothing of that name.
        """
        with self.lock(place, name), self.catalogue.writing():
            found = self.catalogue.versions(place, name).values()
            if not found:
                raise refusals.no_blob()
            for version in found:
                if version.state is VersionState.DELETED:
                    base = not version.snapshot and not place.of_account.versions
                    state = VersionState.CURRENT if base else VersionState.PREVIOUS
                    self.catalogue.put_version(place, replace(version, state=state, deleted=0.0))
        return FrontAnswer(200)

    def purge(self, place: Place, version: Version) -> None:
        """Take the bytes of a version away for good."""
        with self.lock(place, version.name):
            others = [
                other
                for other in self.catalogue.versions(place, version.name).values()
                if other.identifier != version.identifier
            ]
            behind = [other for other in others if other.snapshot]
            if version.snapshot:
                self.azurite.remove(place, version.name, version.snapshot)
            elif behind:
                self.azurite.empty(place, version.name)
                self.catalogue.put_version(place, replace(version, state=VersionState.GONE))
                return
            else:
                self.azurite.remove(place, version.name)
            self.catalogue.drop_version(place, version)
            if [other.state for other in others] == [VersionState.GONE]:
                self.azurite.remove(place, version.name)
                self.catalogue.drop_version(place, others[0])

    def sweep(self, place: Place, alive: Callable[[], bool] = lambda: True) -> None:
        """Take away what was deleted and has been kept long enough."""
        ends = protection.now().timestamp() - place.of_account.deleted_days * _DAY
        for version in self.catalogue.versions(place).values():
            if version.state is VersionState.DELETED and version.deleted < ends and alive():
                self.purge(place, version)

    def set_policy(self, request: Request, place: Place, name: str) -> FrontAnswer:
        """Set or delete the policy of a version.

        Raises:
            RefusedRequest: it is locked and would be shorter; there is no version.
        """
        version = self._protectable(request, place, name)
        with self.lock(place, name):
            if request.method == "DELETE":
                protection.changed(version, None, locked=False)
                self.catalogue.put_version(place, replace(version, until=None, locked=False))
                return FrontAnswer(200)
            until, locked = protection.policy_of(request)
            protection.changed(version, until, locked=locked)
            new = replace(version, until=until, locked=locked)
            self.catalogue.put_version(place, new)
        return FrontAnswer(200, list(protection.shown(new).items()))

    def set_hold(self, request: Request, place: Place, name: str) -> FrontAnswer:
        """Put a version under a legal hold, or lift it.

        Raises:
            RefusedRequest: there is no such version, or no version-level immutability.
        """
        version = self._protectable(request, place, name)
        held = request.header(protection.HOLD).lower()
        if held not in ("true", "false"):
            raise refusals.bad_header(protection.HOLD, "neither true nor false")
        with self.lock(place, name):
            self.catalogue.put_version(place, replace(version, held=held == "true"))
        return FrontAnswer(200, [(protection.HOLD, held)])

    def _protectable(self, request: Request, place: Place, name: str) -> Version:
        version = self.found(request, place, name)
        if version is None:
            raise refusals.no_blob()
        if not place.version_level:
            raise refusals.no_versions()
        return version
