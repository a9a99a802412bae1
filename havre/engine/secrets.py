"""Secrets in a state, encrypted as Pulumi's passphrase secrets manager does.

The state names the manager once (`secrets_providers`), with a salt and a text by which a wrong
passphrase is told. Each secret is its value as JSON, encrypted for itself. Sources: Pulumi,
`pkg/secrets/passphrase/manager.go`, `sdk/go/common/resource/config/crypt.go` and
`pkg/resource/stack/deployment.go`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from havre.errors import HavreError, InputError, MissingDependencyError, StateError
from havre.plan.values import SECRET, SIGNATURE, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MANAGER = "passphrase"
VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"
ROUNDS = 1_000_000
"""Rounds of PBKDF2-SHA256."""
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 8, 12
KNOWN = "pulumi"
"""What the salt's own text says, once decrypted."""
VERSION = "v1"
GIVE = f"Set {VARIABLE}, or {FILE_VARIABLE} to a file that contains it. Nothing was lost."
GIVE_THE_SAME = f"Set {VARIABLE} to the passphrase with which they were encrypted."


@dataclass(frozen=True)
class Crypter:
    """Encrypts and decrypts texts with AES-256-GCM.

    Attributes:
        key: 32 bytes.
    """

    key: bytes = field(repr=False)

    def encrypt(self, text: str) -> str:
        """`v1:NONCE:DATA`, both in base64; the nonce is random."""
        nonce = os.urandom(NONCE_BYTES)
        data = AESGCM(self.key).encrypt(nonce, text.encode(), None)
        return ":".join((VERSION, *(base64.b64encode(part).decode() for part in (nonce, data))))

    def decrypt(self, text: str) -> str:
        """The text within `v1:NONCE:DATA`.

        Raises:
            ValueError: it is malformed, or of another key.
        """
        version, *parts = text.split(":")
        nonce, data = (base64.b64decode(part, validate=True) for part in parts)
        if version != VERSION:
            message = "unknown version of a secret"
            raise ValueError(message)
        try:
            return AESGCM(self.key).decrypt(nonce, data, None).decode()
        except InvalidTag:
            message = "the key does not open it"
            raise ValueError(message) from None


@lru_cache(maxsize=2)
def derived(passphrase: str, salt: bytes) -> Crypter:
    """The crypter of a passphrase; it takes about half a second on purpose, once in a process."""
    key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, KEY_BYTES)
    return Crypter(key)


def passphrase_in(environment: Mapping[str, str]) -> str | None:
    """The passphrase that the environment gives, as the Pulumi CLI looks for it; None: none.

    Raises:
        InputError: the file that it names cannot be read.
    """
    if VARIABLE in environment:
        return environment[VARIABLE]
    name = environment.get(FILE_VARIABLE)
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        message = f"the passphrase cannot be read from {name}: {type(error).__name__}"
        raise InputError(message, f"Fix the file that {FILE_VARIABLE} names.") from error


def _text(value: Any) -> str:
    """A secret's value as JSON; what is secret within it is marked and not encrypted again."""
    return json.dumps(_converted(value, _nested), sort_keys=True, separators=(",", ":"))


def _nested(secret: Secret, _place: str) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "ciphertext": _text(secret.value)}


def _converted(value: Any, sealed: Callable[[Secret, str], Any], place: str = "") -> Any:
    """A value with what `sealed` makes of each secret; keys and indices are added to `place`."""
    if isinstance(value, Secret):
        return sealed(value, place)
    if isinstance(value, dict):
        return {key: _converted(inner, sealed, f"{place}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_converted(inner, sealed, f"{place}[{n}]") for n, inner in enumerate(value)]
    return value


def _opened(value: Any, decrypt: Callable[[str, str], str], place: str = "") -> Any:
    """A value of a state, with its secrets decrypted.

    Raises:
        ValueError: a secret is in clear text, or malformed.
    """
    if isinstance(value, list):
        return [_opened(inner, decrypt, f"{place}[{n}]") for n, inner in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) != SECRET:
        return {key: _opened(inner, decrypt, f"{place}.{key}") for key, inner in value.items()}
    sealed = value.get("ciphertext")
    if not isinstance(sealed, str) or "plaintext" in value:
        message = f"{place} is a secret that is not encrypted"
        raise ValueError(message)
    text = decrypt(sealed, place)
    return Secret(_opened(json.loads(text), lambda inner, _place: inner))


@dataclass
class StateSecrets:
    """The secrets of one state.

    A secret that did not change keeps the text that it had, so that a state changes only with
    what is in it.

    Attributes:
        where: the state, in messages.
        recorded: the manager as the state names it; None before the first secret.
    """

    where: str = "the state"
    recorded: Mapping[str, Any] | None = None
    _crypter: Crypter | None = field(default=None, init=False, repr=False)
    _texts: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False)

    def ready(self, resource: str) -> None:
        """Make sure that a secret of a resource can be stored.

        Raises:
            HavreError: it cannot; what is missing is named.
        """
        if self._crypter is not None:
            return
        if self.recorded is not None:
            self._crypter = self._recorded_crypter()
            return
        passphrase = passphrase_in(os.environ)
        if not passphrase:
            lack = "no passphrase" if passphrase is None else "an empty passphrase"
            message = f"{resource} has a secret, and there is {lack} to encrypt it with"
            raise InputError(message, GIVE)
        salt = os.urandom(SALT_BYTES)
        self._crypter = derived(passphrase, salt)
        state = ":".join(
            (VERSION, base64.b64encode(salt).decode(), self._crypter.encrypt(KNOWN)),
        )
        self.recorded = {"type": MANAGER, "state": {"salt": state}}

    def _recorded_crypter(self) -> Crypter:
        """The crypter of the recorded manager.

        Raises:
            MissingDependencyError: the manager is another one, which only the Pulumi CLI knows.
            InputError: there is no passphrase, or a wrong one.
            StateError: what is recorded is malformed.
        """
        salt, known = self._salt()
        passphrase = passphrase_in(os.environ)
        if passphrase is None:
            message = f"{self.where} has secrets, and there is no passphrase to open them"
            raise InputError(message, GIVE)
        crypter = derived(passphrase, salt)
        try:
            right = crypter.decrypt(known) == KNOWN
        except ValueError:
            right = False
        if not right:
            message = f"the passphrase does not open the secrets of {self.where}"
            raise InputError(message, GIVE_THE_SAME)
        return crypter

    def _salt(self) -> tuple[bytes, str]:
        """Salt, and the encrypted text by which a wrong passphrase is told."""
        recorded = self.recorded or {}
        kind = recorded.get("type")
        if kind != MANAGER:
            message = f"the secrets of {self.where} are encrypted by `{kind}`"
            remedy = "Use the Pulumi CLI, or run `pulumi stack change-secrets-provider passphrase`."
            raise MissingDependencyError(message, remedy)
        try:
            version, salt, known = recorded["state"]["salt"].split(":", 2)
            if version == VERSION:
                return base64.b64decode(salt, validate=True), known
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        message = f"the salt of the secrets of {self.where} is malformed"
        raise StateError(message, "Restore the state from a copy. Nothing was changed.")

    def seal(self, values: Any, place: str) -> Any:
        """Values as a state keeps them, their secrets encrypted.

        Args:
            values: plain values with `Secret`.
            place: resource and property, which a secret that did not change is known by.

        Raises:
            HavreError: a secret cannot be encrypted, as `ready` says.
        """
        return _converted(values, self._sealed, place)

    def _sealed(self, secret: Secret, place: str) -> dict[str, Any]:
        text = _text(secret.value)
        if (place, text) not in self._texts:
            self.ready(place)
            assert self._crypter is not None  # noqa: S101 - `ready` made it
            self._texts[place, text] = self._crypter.encrypt(text)
        return {SIGNATURE: SECRET, "ciphertext": self._texts[place, text]}

    def open(self, values: Any, place: str) -> Any:
        """Values of a state, with `Secret` for what is encrypted there.

        Raises:
            StateError: a secret is in clear text, or does not open.
            HavreError: the passphrase is missing or wrong.
        """
        try:
            return _opened(values, self._decrypted, place)
        except HavreError:
            raise
        except ValueError as error:
            message = f"a secret of {self.where} cannot be read: {error}"
            raise StateError(message, UNREADABLE) from None

    def _decrypted(self, sealed: str, place: str) -> str:
        if self._crypter is None:
            self._crypter = self._recorded_crypter()
        text = self._crypter.decrypt(sealed)
        self._texts[place, text] = sealed
        return text


UNREADABLE = (
    "Export the state again without --show-secrets, or restore it from a copy. Nothing was changed."
)
