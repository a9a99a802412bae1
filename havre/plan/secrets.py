"""Secrets that nothing marks as such, found by the names of properties and the shapes of values.

Shapes: what services document of their keys and tokens; names: Pulumi's and ARM's own properties.
Every pattern is bounded or anchored, so that a text is read once or twice, however long it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from havre.plan.values import PULUMIS_OWN, SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.plan.model import Plan, PlannedResource


class Hint(Enum):
    """What a name says of its value."""

    SECRET = auto()
    IF_RANDOM = auto()
    NAME_OF_ONE = auto()
    OTHER = auto()


LONGEST_NAME: Final = 200
"""Characters of a name, from its end, that are looked at."""

NAMED: Final = re.compile(
    r"(?:pass(?:word|wd|phrase)|pwd|secret|secretaccesskey|privatekey|accesskey|connectionstring"
    r"|connstr|apikey|consumerkey|sastoken|credentialvalue|securevalue|clientkeydata"
    r"|(?:account|workspace|shared|storage|sharedaccess|subscription|function)key"
    r"|(?:access|auth|bearer|refresh|session|sas|securityaccess|registration|join)token"
    r"|sharedaccesssignature)(?:value|text|wo|pem|raw|base64)?[0-9]?$"
)
"""Names, in small letters and digits alone, of what is a secret whatever it looks like."""
IDENTIFIER: Final = "accesskey"
"""Name of the public half of a pair of keys for S3, and elsewhere of a secret."""
SECRET_HALF: Final = ("secretkey", "secretaccesskey")
"""Names of the secret half. Where it stands beside, the access key is an identifier."""
NAMED_MANY: Final = re.compile(
    r"(?:passwords|passphrases|(?:private|access|api|account|shared)keys|connectionstrings"
    r"|accesstokens)$"
)
NAMED_IF_RANDOM: Final = re.compile(
    r"(?<!public)(?<!ssh)(?<!continuation)(?:key|token|credentials?|auth|pat)(?:value|data)?[0-9]?$"
)
"""Names of what may be a secret, or the name, place or public half of one: its value decides."""
NAME_OF_ONE: Final = re.compile(
    r"(?:existing|imagepull|pull|tls|ssl|ca|cert|certificate|ingress|external|credentials?"
    r"|password)secrets?$"
)
"""Names of properties that refer to a Secret of a cluster by its name."""
OBJECT_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$")
"""A name in Kubernetes: RFC 1123, as its API holds it."""
DIGEST: Final = re.compile("public|digest|hash|sha|checksum|integrity|cert|thumb|fingerprint")
"""Names of what looks as random as a key and is for everybody."""

SHAPED: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|LS0tLS1CRUdJTiB(?:SU0Eg|QUklW|FQyBQ|PUEVO|FTkNS|EU0Eg)"  # the same in base64
    r"|\bA[KS]IA[0-9A-Z]{16}\b"  # an access key of AWS
    r"|(?:^|[?&])sig=[A-Za-z0-9%+/=]{20,}"  # a shared access signature
    r"|(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20}|pul-[0-9a-f]{40}"
    r"|xox[abprs]-[\w-]{20}|dapi[0-9a-f]{32}|hvs\.[\w-]{24}|npm_[A-Za-z0-9]{36})"
    r"|(?<![\w~.-])[\w~.-]{3}[78]Q~[\w~.-]{31,34}(?![\w~.-])"  # a client secret of Entra ID
)
"""Shapes of values that are secrets wherever they stand."""
MARKS: Final = (
    *("-----BEGIN", "LS0tLS1CRUdJTiB", "KIA", "SIA", "sig=", "gh", "glpat-", "pul-", "xox"),
    *("dapi", "hvs.", "npm_", "Q~"),
)
"""Texts without one of which no such shape is there."""
SHORTEST_SHAPE: Final = 8
"""Characters under which a text holds no secret that its own shape shows."""
SHORTEST_KEY: Final = 20
"""Characters under which a text is none of the shapes above."""
ADDRESS: Final = re.compile(r"://[^/\s:@]*:([^/\s@]{3,})@")
"""An address with a password in it."""
LONG_KEY: Final = 88
"""Characters of 64 random bytes in base64: a key of a storage account, a workspace, a batch."""
BEFORE_TOKEN: Final = re.compile(r"(?<![\w-])([\w-]{13,})\.(?=eyJ[\w-]{10,}\.)")
"""A word before the second part of a JSON Web Token: it ends in the first. It is tried at the
beginning of words alone, so that each is read once."""

ASSIGNED: Final = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]{1,80})=([^;\s&\"']{3,})")
"""`name=value`, as in connection strings and lists of environment variables."""
WRITTEN: Final = re.compile(
    r"(?:^[ \t-]{0,200}[\"']?|[\"'])([A-Za-z][\w.-]{1,80})[\"']?[ \t]{0,20}:[ \t]{0,20}"
    r"[\"']?([^\s\"',]{3,})",
    re.MULTILINE,
)
"""`name: value` of YAML, `"name": "value"` of JSON."""
ENCODED: Final = ("YXBpVmVyc2lvbjog", "I2Nsb3VkLWNvbmZpZ", "eyJhcGlWZXJzaW9u", "eyJhdXRo")
"""How a kubeconfig, a cloud-init file and a registry's credentials begin in base64."""
REFERENCE: Final = re.compile(
    r"(?:<[\w .:-]{1,100}>|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\{\{.*\}\}"
    r"|\[[a-z]+\(.*\]"
    r"|@Microsoft\.KeyVault\(.*\)|https?://[^?@\s]*|urn:pulumi:\S*|/subscriptions/\S*|\*{3,}"
    r"|\[secret\]|true|false|null|none|enabled|disabled)$",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in a secret's place: a placeholder, a template, an address, a switch."""

RANDOM: Final = re.compile(r"[A-Za-z0-9+/_.~-]{20,}={0,2}$")
HEX: Final = re.compile(r"[0-9a-fA-F]{32,}$")
UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
DISTINCT: Final = 12
"""Different characters that a random text of 20 or more has at the least."""

VALUE: Final = frozenset({"value", "securevalue", "defaultvalue"})
NAME: Final = ("name", "key", "id")
SECRET_TYPE: Final = re.compile(
    r"[:/]secrets?(?:/?version|value|v\d+)?(?::version)?$", re.IGNORECASE
)
"""Types of resources that are a secret."""
CONTENT: Final = frozenset(
    {"value", "data", "stringdata", "binarydata", "payload", "secretdata", "secretstring"}
)
"""Properties that such a resource holds the secret in."""


def in_clear(resource: PlannedResource) -> list[str]:
    """Paths of what stands in a resource unmarked and is a secret; of its outputs, what is more."""
    content = SECRET_TYPE.search(resource.type) is not None
    found = _in_object(resource.inputs, "", content=content)
    known = set(found)
    outputs = {
        key: value
        for key, value in resource.outputs.items()
        if (given := resource.inputs.get(key)) is not value and given != value
    }
    beyond = _in_object(outputs, "", content=content)
    return found + [f"outputs.{path}" for path in beyond if path not in known]


def in_clear_beside(plan: Plan) -> Iterator[str]:
    """Paths of the secrets in clear that a plan shows beside its resources.

    They are the configuration that a preview repeats, and what the offline program exports.
    """
    for name, values in (("config", plan.config), ("outputs", plan.outputs)):
        for path in _in_object(values, ""):
            yield f"{name}.{path}"


def _in_object(values: Mapping[str, Any], above: str, *, content: bool = False) -> list[str]:
    """Paths of secrets in an object.

    Args:
        values: the object.
        above: name of the property that holds it.
        content: whether it belongs to a resource that is a secret.
    """
    found: list[str] = []
    for key, value in values.items():
        own, paired = _reading(key)
        if own or (_last(key) == IDENTIFIER and _beside(values)):
            continue
        if isinstance(value, str):
            name = _name_of(key, values, above) if paired else key
            if (content and _is_content(key, value)) or is_secret(name, value):
                found.append(key)
        elif isinstance(value, dict):
            if content and key.lower() in CONTENT:
                found += [f"{key}{path}" for path in _texts(value)]
                continue
            inner = content and key == "properties"
            found += [f"{key}.{path}" for path in _in_object(value, key, content=inner)]
        elif isinstance(value, list | tuple):
            found += [f"{key}{path}" for path in _in_list(value, key)]
    return found


@lru_cache(maxsize=10_000)
def _reading(key: str) -> tuple[bool, bool]:
    """Whether a name is Pulumi's own, and whether it is that of the value in a pair."""
    return key.startswith(PULUMIS_OWN) or key == SIGNATURE, key.lower() in VALUE


def _beside(values: Mapping[str, Any]) -> bool:
    """Whether the secret half of a pair of keys stands in an object."""
    return any(_last(key) in SECRET_HALF for key in values)


def _is_content(key: str, text: str) -> bool:
    return key.lower() in CONTENT and bool(text) and not REFERENCE.match(text)


def _name_of(key: str, values: Mapping[str, Any], above: str) -> str:
    """The name of a value in a pair: the one beside it, else that of what holds the pair."""
    if key.lower() == "securevalue":
        return key
    for beside in NAME:
        name = values.get(beside)
        if isinstance(name, str) and _hint(name) is not Hint.OTHER:
            return name
    return "secret" if above.lower() == "secrets" else above or key


def _in_list(values: list[Any] | tuple[Any, ...], name: str) -> list[str]:
    found: list[str] = []
    for number, value in enumerate(values):
        if isinstance(value, str):
            if is_secret(name, value):
                found.append(f"[{number}]")
        elif isinstance(value, dict):
            found += [f"[{number}].{path}" for path in _in_object(value, name)]
        elif isinstance(value, list | tuple):
            found += [f"[{number}]{path}" for path in _in_list(value, name)]
    return found


def _texts(value: Any) -> Iterator[str]:
    """Paths of every text within what a resource that is a secret holds."""
    if isinstance(value, str):
        if value and not REFERENCE.match(value):
            yield ""
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (f".{key}{path}" for path in _texts(inner))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from (f"[{number}]{path}" for path in _texts(inner))


def _last(name: str) -> str:
    """The last word of a dotted or scoped name, in small letters and digits alone."""
    last = re.split(r"[.:/\[]", name[-LONGEST_NAME:])[-1]
    return "".join(filter(str.isalnum, last)).lower()


@lru_cache(maxsize=10_000)
def _hint(name: str) -> Hint:
    """What a name says of its value; most names stand in many resources."""
    last = _last(name)
    if NAME_OF_ONE.search(last):
        return Hint.NAME_OF_ONE
    if NAMED.search(last) or NAMED_MANY.search(last):
        return Hint.SECRET
    return Hint.IF_RANDOM if NAMED_IF_RANDOM.search(last) else Hint.OTHER


def is_secret(name: str, text: str) -> bool:
    """Whether a text under a name is a secret.

    Args:
        name: the property's, or that of the pair whose value the text is.
        text: the value.
    """
    if _hint(name) is not Hint.OTHER and _named(name, text):
        return True
    length = len(text)
    if length < SHORTEST_SHAPE:
        return False
    public = length == LONG_KEY and DIGEST.search(name.lower()) is not None
    return _shaped(text, public)


def _named(name: str, text: str) -> bool:
    """Whether a name says that the text is a secret."""
    hint = _hint(name)
    if hint is Hint.OTHER or not text or REFERENCE.match(text):
        return False
    if hint is Hint.IF_RANDOM:
        return _is_random(text)
    return hint is Hint.SECRET or not OBJECT_NAME.match(text)


def _is_random(text: str) -> bool:
    """Whether a text looks like a key rather than a name."""
    if HEX.match(text):
        return True
    kinds = (str.isupper, str.islower, str.isdigit)
    return (
        RANDOM.match(text) is not None
        and not UUID.match(text)
        and len(set(text)) >= DISTINCT
        and all(any(map(kind, text)) for kind in kinds)
    )


@lru_cache(maxsize=20_000)
def _shaped(text: str, public: bool) -> bool:
    """Whether a text is a secret, or holds one, wherever it stands.

    What each pattern cannot do without is looked for first: most texts have none of it, and most
    stand in many resources.

    Args:
        text: the text.
        public: whether its name says that it is for everybody, however random.
    """
    if len(text) >= SHORTEST_KEY and _marked(text) and SHAPED.search(text):
        return True
    if "://" in text and any(not REFERENCE.match(word) for word in ADDRESS.findall(text)):
        return True
    if len(text) == LONG_KEY and text.endswith("=="):
        return _is_random(text) and not public
    if ".eyJ" in text and any("eyJ" in word[:-10] for word in BEFORE_TOKEN.findall(text)):
        return True
    return _written(text)


def _marked(text: str) -> bool:
    for mark in MARKS:  # noqa: SIM110 - run for every text of a plan: `any` takes twice as long
        if mark in text:
            return True
    return False


def _written(text: str) -> bool:
    """Whether a text holds names and values, and one of them is a secret."""
    if text.isalnum():
        return text.startswith(ENCODED) and _written(_decoded(text))
    if "=" in text and _holds(ASSIGNED, text):
        return True
    if ("\n" in text or text[0] in "{[") and _holds(WRITTEN, text):
        return True
    return text.startswith(ENCODED) and _written(_decoded(text))


def _holds(pairs: re.Pattern[str], text: str) -> bool:
    return any(_named(name, value) for name, value in pairs.findall(text))


def _decoded(text: str) -> str:
    """A text in base64 as what it holds; a space where it is not."""
    try:
        return base64.b64decode(text).decode() or " "
    except (binascii.Error, UnicodeDecodeError):
        return " "
