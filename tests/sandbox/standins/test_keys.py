"""Customers' keys of a sandbox: what they wrap is read as long as they may be used."""

from __future__ import annotations

import datetime as dt
import secrets
import stat
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest

from havre.errors import ProviderError, StateError
from havre_sandbox.standins.keys import KeyService, VaultSettings

if TYPE_CHECKING:
    from havre_sandbox.standins.machine import Machine

_NUMBERS = count()
GUARDED = VaultSettings(days=90, protected=True)
LOOSE = VaultSettings(days=7)
KEY = "zone-curated"


@pytest.fixture
def service(machine: Machine) -> KeyService:
    return KeyService(machine)


def vault(service: KeyService, settings: VaultSettings = GUARDED) -> str:
    name = f"emc2kv{next(_NUMBERS)}"
    service.put_vault(name, settings)
    service.put_key(name, KEY)
    return name


def test_every_version_reads_what_it_wrapped(service: KeyService) -> None:
    place, data = vault(service), secrets.token_bytes(32)
    first = service.wrap(place, KEY, data)
    assert service.rotate(place, KEY).current == 2
    second = service.wrap(place, KEY, data)
    assert first[:8] != second[:8]
    assert [service.unwrap(place, KEY, each) for each in (first, second)] == [data] * 2
    assert service.put_key(place, KEY).current == 2  # what exists is returned as it is
    with pytest.raises(StateError, match="changed since"):
        service.unwrap(place, KEY, first[:-1] + bytes([first[-1] ^ 1]))


def test_a_key_that_is_disabled_reads_nothing(service: KeyService) -> None:
    told: list[tuple[str, bool]] = []
    service = replace(service, told=lambda key, usable: told.append((key, usable)))
    place = vault(service)
    wrapped = service.wrap(place, KEY, b"x" * 32)
    service.set_enabled(place, KEY, enabled=False)
    for refused in (
        lambda: service.unwrap(place, KEY, wrapped),
        lambda: service.wrap(place, KEY, b"y"),
        lambda: service.rotate(place, KEY),
    ):
        with pytest.raises(ProviderError, match="Forbidden"):
            refused()
    service.set_enabled(place, KEY, enabled=True)
    assert service.unwrap(place, KEY, wrapped) == b"x" * 32
    assert [usable for _, usable in told] == [True, False, True]
    assert {key for key, _ in told} == {f"{place}/{KEY}"}


def test_a_deleted_key_comes_back_within_its_days(service: KeyService) -> None:
    place = vault(service)
    wrapped = service.wrap(place, KEY, b"x" * 32)
    service.delete_key(place, KEY)
    assert not service.usable(place, KEY)
    with pytest.raises(ProviderError, match="Forbidden"):
        service.unwrap(place, KEY, wrapped)
    with pytest.raises(ProviderError, match="ObjectIsDeletedButRecoverable"):
        service.put_key(place, KEY)
    with pytest.raises(ProviderError, match="purge protection is on"):
        service.purge_key(place, KEY)
    assert service.sweep() == ()
    service.recover_key(place, KEY)
    assert service.unwrap(place, KEY, wrapped) == b"x" * 32


def test_a_key_is_destroyed_after_its_days_and_for_good(service: KeyService) -> None:
    place = vault(service)
    wrapped = service.wrap(place, KEY, b"x" * 32)
    material = service.machine.folder.keys / f"{place}.{KEY}"
    assert {stat.S_IMODE(file.stat().st_mode) for file in material.iterdir()} == {0o600}
    service.delete_key(place, KEY)
    early = dt.datetime.now(dt.UTC) + dt.timedelta(days=89)
    assert replace(service, clock=lambda: early).sweep() == ()
    late = dt.datetime.now(dt.UTC) + dt.timedelta(days=91)
    assert f"{place}/{KEY}" in replace(service, clock=lambda: late).sweep()
    assert not material.exists()
    service.put_key(place, KEY)
    with pytest.raises(StateError, match="no version with the fingerprint"):
        service.unwrap(place, KEY, wrapped)


def test_without_protection_a_deleted_key_is_purged(service: KeyService) -> None:
    place = vault(service, LOOSE)
    with pytest.raises(ProviderError, match="no deleted key"):
        service.purge_key(place, KEY)
    service.delete_key(place, KEY)
    service.purge_key(place, KEY)
    assert service.put_key(place, KEY).current == 1


def test_where_nothing_is_kept_a_deletion_is_for_good(service: KeyService) -> None:
    place = vault(service, VaultSettings())
    wrapped = service.wrap(place, KEY, b"x" * 32)
    service.delete_key(place, KEY)
    service.delete_key(place, KEY)
    service.put_key(place, KEY)
    with pytest.raises(StateError):
        service.unwrap(place, KEY, wrapped)
    service.delete_vault(place)
    with pytest.raises(ProviderError, match="VaultNotFound"):
        service.put_key(place, KEY)


def test_a_vaults_name_is_taken_for_its_days(service: KeyService) -> None:
    place = vault(service)
    for weaker in (VaultSettings(90), VaultSettings(30, protected=True)):
        with pytest.raises(ProviderError, match="BadRequest"):
            service.put_vault(place, weaker)
    wrapped = service.wrap(place, KEY, b"x" * 32)
    service.delete_vault(place)
    with pytest.raises(ProviderError, match="VaultAlreadyExists"):
        service.put_vault(place, GUARDED)
    assert not service.usable(place, KEY)
    service.recover_vault(place)
    assert service.unwrap(place, KEY, wrapped) == b"x" * 32
    with pytest.raises(ProviderError, match="DeletedVaultNotFound"):
        service.recover_vault(place)
    service.delete_vault(place)
    late = dt.datetime.now(dt.UTC) + dt.timedelta(days=91)
    replace(service, clock=lambda: late).sweep()
    service.put_vault(place, GUARDED)
