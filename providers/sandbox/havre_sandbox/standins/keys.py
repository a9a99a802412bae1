"""Customers' keys of a sandbox: versions, disabling, and a deletion that is undone for some days.

Key material is kept as the local provider keeps it, in files of mode 0600, and wraps data keys with
its envelope. What a key wraps is read as long as the key is enabled and not deleted.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from havre.errors import ProviderError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import SECRET, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from havre_local.machine.encryption.keys import KeyInfo
    from havre_sandbox.standins.machine import Machine

_LOCK = "sandbox-keys"
_NEVER_ROTATED = 36_500


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class VaultSettings:
    """How a vault is set up.

    Attributes:
        days: for how long what was deleted can be brought back; 0: not at all.
        protected: whether nothing is taken away for good before those days are over.
    """

    days: int = 0
    protected: bool = False


@dataclass(frozen=True)
class CustomerKey:
    """What is on record of a key.

    Attributes:
        enabled: whether it may be used.
        deleted: when it was deleted, ISO 8601; empty: it was not.
    """

    enabled: bool = True
    deleted: str = ""

    @property
    def usable(self) -> bool:
        """Whether what it wraps can be read."""
        return self.enabled and not self.deleted


@dataclass(frozen=True)
class CustomerVault:
    """What is on record of a vault.

    Attributes:
        settings: how it is set up.
        deleted: when it was deleted, ISO 8601; empty: it was not.
        keys: its keys, those that were deleted too.
    """

    settings: VaultSettings
    deleted: str = ""
    keys: Mapping[str, CustomerKey] = field(default_factory=dict)


@dataclass(frozen=True)
class KeyService:
    """Vaults and keys of a sandbox.

    Attributes:
        machine: where they are.
        clock: tells the time, UTC.
        told: is told of a key, `VAULT/KEY`, and whether what it wraps can be read from now on.
    """

    machine: Machine
    clock: Callable[[], dt.datetime] = _now
    told: Callable[[str, bool], None] = lambda _key, _usable: None

    def put_vault(self, name: str, settings: VaultSettings) -> None:
        """Make a vault, or change its settings.

        Raises:
            ProviderError: its protection would be taken back, its days changed, or its name is
                still that of one that was deleted.
        """
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            former = known.get(name)
            if former is None:
                self._write({**known, name: CustomerVault(settings)})
                return
            if former.deleted:
                raise _refused(name, "VaultAlreadyExists", "its name is that of a deleted vault")
            if former.settings.protected and not settings.protected:
                raise _refused(name, "BadRequest", "purge protection cannot be taken back")
            if former.settings.days != settings.days:
                raise _refused(name, "BadRequest", "its days of recovery cannot be changed")
            self._write({**known, name: replace(former, settings=settings)})

    def delete_vault(self, name: str) -> None:
        """Delete a vault with its keys; none is fine."""
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            vault = known.get(name)
            if vault is None or vault.deleted:
                return
            if not vault.settings.days:
                for key in vault.keys:
                    self._destroy(name, key)
                known.pop(name)
            else:
                known[name] = replace(vault, deleted=self.clock().isoformat())
            self._write(known)
        self._tell(name, *vault.keys)

    def recover_vault(self, name: str) -> None:
        """Bring a deleted vault back.

        Raises:
            ProviderError: there is none.
        """
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            vault = known.get(name)
            if vault is None or not vault.deleted:
                raise _refused(name, "DeletedVaultNotFound", "no deleted vault has this name")
            self._write({**known, name: replace(vault, deleted="")})
        self._tell(name, *vault.keys)

    def put_key(self, vault: str, key: str) -> KeyInfo:
        """Make a key with its first version; one that exists is returned as it is.

        Raises:
            ProviderError: there is no such vault, or the name is still that of a deleted key.
        """
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            place = self._standing(known, vault)
            former = place.keys.get(key)
            if former is not None and former.deleted:
                what = "a deleted key of this name can still be recovered"
                raise _refused_key(vault, key, "ObjectIsDeletedButRecoverable", what)
            if former is None:
                made = {**place.keys, key: CustomerKey()}
                self._write({**known, vault: replace(place, keys=made)})
            found = keys.ensure_key(self.machine.folder, _name(vault, key), _NEVER_ROTATED)
        self._tell(vault, key)
        return found

    def rotate(self, vault: str, key: str) -> KeyInfo:
        """Make a new version; what earlier ones wrapped stays readable.

        Raises:
            ProviderError: the key cannot be used.
        """
        self._need(vault, key)
        return keys.rotate_key(self.machine.folder, _name(vault, key))

    def set_enabled(self, vault: str, key: str, *, enabled: bool) -> None:
        """Let a key be used, or not.

        Raises:
            ProviderError: there is no such key.
        """
        self._change(vault, key, lambda found: replace(found, enabled=enabled))

    def delete_key(self, vault: str, key: str) -> None:
        """Delete a key, for good where its vault keeps nothing; none is fine."""
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            place = known.get(vault)
            if place is None or key not in place.keys:
                return
            found = dict(place.keys)
            if place.settings.days:
                found[key] = replace(found[key], deleted=self.clock().isoformat())
            else:
                self._destroy(vault, key)
                found.pop(key)
            self._write({**known, vault: replace(place, keys=found)})
        self._tell(vault, key)

    def recover_key(self, vault: str, key: str) -> None:
        """Bring a deleted key back.

        Raises:
            ProviderError: there is none.
        """
        self._change(vault, key, lambda found: replace(found, deleted=""))

    def purge_key(self, vault: str, key: str) -> None:
        """Destroy a deleted key before its days are over.

        Raises:
            ProviderError: its vault is protected, or there is no such deleted key.
        """
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            place = self._standing(known, vault)
            found = place.keys.get(key)
            if found is None or not found.deleted:
                raise _refused_key(vault, key, "KeyNotFound", "no deleted key has this name")
            over = self._over(found.deleted, place.settings)
            if place.settings.protected and not over:
                raise _refused_key(vault, key, "Forbidden", "purge protection is on")
            self._drop(known, vault, key)

    def sweep(self) -> tuple[str, ...]:
        """Destroy what was deleted and whose days are over; return the names of the keys."""
        gone = []
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            for name, vault in list(known.items()):
                ended = bool(vault.deleted) and self._over(vault.deleted, vault.settings)
                for key, found in list(vault.keys.items()):
                    if ended or (found.deleted and self._over(found.deleted, vault.settings)):
                        self._drop(known, name, key)
                        gone.append(f"{name}/{key}")
                if ended:
                    known.pop(name)
                    self._write(known)
        return tuple(gone)

    def wrap(self, vault: str, key: str, data_key: bytes) -> bytes:
        """Encrypt a data key.

        Raises:
            ProviderError: the key cannot be used.
        """
        self._need(vault, key)
        return keys.wrap(self.machine.folder, _name(vault, key), data_key)

    def unwrap(self, vault: str, key: str, wrapped: bytes) -> bytes:
        """Decrypt a data key, by the version that had encrypted it.

        Raises:
            ProviderError: the key cannot be used.
            StateError: what was wrapped was changed.
        """
        self._need(vault, key)
        return keys.unwrap(self.machine.folder, _name(vault, key), wrapped)

    def info(self, vault: str, key: str) -> KeyInfo:
        """A key's versions.

        Raises:
            StateError: there is none.
        """
        return keys.key_info(self.machine.folder, _name(vault, key))

    def usable(self, vault: str, key: str) -> bool:
        """Whether what a key wraps can be read."""
        place = self._vaults().get(vault)
        found = place.keys.get(key) if place is not None and not place.deleted else None
        return found is not None and found.usable

    @property
    def _path(self) -> Path:
        return self.machine.place("keys") / "vaults.json"

    def _vaults(self) -> dict[str, CustomerVault]:
        if not self.machine.folder.custody.exists(self._path):
            return {}
        told = json.loads(self.machine.folder.custody.read(self._path))
        return {
            name: CustomerVault(
                VaultSettings(**each["settings"]),
                each["deleted"],
                {key: CustomerKey(**known) for key, known in each["keys"].items()},
            )
            for name, each in told.items()
        }

    def _write(self, known: Mapping[str, CustomerVault]) -> None:
        content = {name: asdict(each) for name, each in sorted(known.items())}
        data = json.dumps(content, indent=1).encode()
        self.machine.folder.custody.write(self._path, data, SECRET)

    def _standing(self, known: Mapping[str, CustomerVault], vault: str) -> CustomerVault:
        place = known.get(vault)
        if place is None or place.deleted:
            raise _refused(vault, "VaultNotFound", "there is no such vault")
        return place

    def _change(self, vault: str, key: str, change: Callable[[CustomerKey], CustomerKey]) -> None:
        with locked(self.machine.folder, _LOCK):
            known = self._vaults()
            place = self._standing(known, vault)
            if key not in place.keys:
                raise _refused_key(vault, key, "KeyNotFound", "there is no such key")
            made = {**place.keys, key: change(place.keys[key])}
            self._write({**known, vault: replace(place, keys=made)})
        self._tell(vault, key)

    def _need(self, vault: str, key: str) -> None:
        if not self.usable(vault, key):
            what = "it is disabled, deleted, or was never made"
            raise _refused_key(vault, key, "Forbidden", what)

    def _over(self, since: str, settings: VaultSettings) -> bool:
        ends = dt.datetime.fromisoformat(since) + dt.timedelta(days=settings.days)
        return self.clock() >= ends

    def _drop(self, known: dict[str, CustomerVault], vault: str, key: str) -> None:
        """Destroy a key and forget it."""
        self._destroy(vault, key)
        place = known[vault]
        left = {name: each for name, each in place.keys.items() if name != key}
        known[vault] = replace(place, keys=left)
        self._write(known)

    def _destroy(self, vault: str, key: str) -> None:
        folder = self.machine.folder
        folder.custody.remove_tree(folder.keys / _name(vault, key))

    def _tell(self, vault: str, *names: str) -> None:
        for key in names:
            self.told(f"{vault}/{key}", self.usable(vault, key))


def _name(vault: str, key: str) -> str:
    """Name of the folder of a key."""
    return f"{vault}.{key}"


def _refused_key(vault: str, key: str, code: str, why: str) -> ProviderError:
    return _refused(f"{vault}/{key}", code, why)


def _refused(what: str, code: str, why: str) -> ProviderError:
    message = f"sandbox, key {what}: {code}: {why}"
    return ProviderError(message, "Recover it, or use another name.")
