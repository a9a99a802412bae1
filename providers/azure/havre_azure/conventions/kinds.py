"""What Azure accepts as names and tags, type by type.

Sources: Azure documentation, "Naming rules and restrictions for Azure resources" and "Use tags to
organize your Azure resources"; Cloud Adoption Framework, "Abbreviation recommendations for Azure
resources" for the abbreviations (`ampls`, `ar` and `fl` are ours, since that list has none). Known
from these pages on 2026-11-30, and not yet tested on Azure.
"""

from __future__ import annotations

from havre.provider.conventions import NameKind, TagRule

_BROAD = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?"
_BROAD_RULE = "letters, digits, `.`, `_` and `-`, from a letter or digit to a letter, digit or `_`"
_PLAIN = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_PLAIN_RULE = "letters, digits and single `-`, with neither first nor last"


def _broad(code: str, least: int, limit: int) -> NameKind:
    """A name of most types of networks."""
    return NameKind(
        code, rf"(?=.{{{least},}}$){_BROAD}", f"{least} to {limit} {_BROAD_RULE}", limit
    )


GROUP = NameKind(
    "rg",
    r"[\w().-]*[\w()-]",
    "1 to 90 letters, digits, `.`, `_`, `-` and parentheses, without a final `.`",
    90,
)
NETWORK = _broad("vnet", 2, 64)
SUBNET = _broad("snet", 1, 80)
RULES = _broad("nsg", 1, 80)
ROUTES = _broad("rt", 1, 80)
ADDRESS = _broad("pip", 1, 80)
POLICY = _broad("afwp", 1, 80)
FIREWALL = _broad("afw", 1, 80)
ENDPOINT = _broad("pep", 2, 76)
"""Its network interface is named after it with four characters more: 80 at most."""
DATABASE_NAMES = NameKind(
    "pdz",
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
    r"\.postgres\.database\.azure\.com",
    "a private DNS zone that ends with `.postgres.database.azure.com`",
    253,
)
VAULT = NameKind(
    "kv",
    r"(?!.*--)[A-Za-z][A-Za-z0-9-]+[A-Za-z0-9]",
    "3 to 24 letters, digits and single `-`, from a letter to a letter or digit",
    24,
)
KEY = NameKind("key", r"[A-Za-z0-9-]+", "1 to 127 letters, digits and `-`", 127)
IDENTITY = NameKind(
    "id",
    r"[A-Za-z0-9][\w-]{2,}",
    "3 to 128 letters, digits, `_` and `-`, the first a letter or digit",
    128,
)
ACCOUNT = NameKind("st", r"[a-z0-9]{3,}", "3 to 24 lower-case letters and digits", 24)
CONTAINER = NameKind(
    "blob",
    r"(?=.{3,}$)(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?",
    "3 to 63 lower-case letters, digits and single `-`, with neither first nor last",
    63,
)
WORKSPACE = NameKind("log", rf"(?=.{{4,}}$){_PLAIN}", f"4 to 63 {_PLAIN_RULE}", 63)
LINK_SCOPE = _broad("ampls", 1, 255)
FLOWS = _broad("fl", 1, 80)
TOLD = _broad("ag", 1, 260)
ALERT = _broad("ar", 1, 260)
SERVER = NameKind(
    "psql",
    r"(?=.{3,}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?",
    "3 to 63 lower-case letters, digits and `-`, with neither first nor last",
    63,
)
DATABASE = NameKind(
    "psqldb", r"[A-Za-z][A-Za-z0-9_-]*", "1 to 63 letters, digits, `_` and `-`, from a letter", 63
)
REGISTRY = NameKind("cr", r"[A-Za-z0-9]{5,}", "5 to 50 letters and digits", 50)
CLUSTER = NameKind(
    "aks",
    r"[A-Za-z0-9]([\w-]*[A-Za-z0-9])?",
    "1 to 63 letters, digits, `_` and `-`, from and to a letter or digit",
    63,
)
NODE_GROUP = NameKind(
    "rg", r"[\w().-]*[\w()-]", "1 to 80 characters of a resource group's name", 80
)
DISKS = NameKind("des", r"[\w-]+", "1 to 80 letters, digits, `_` and `-`", 80)
BACKUP = NameKind(
    "bvault", r"[A-Za-z][A-Za-z0-9-]+", "2 to 50 letters, digits and `-`, from a letter", 50
)

TAGS = TagRule(
    most=10,
    key=r"[A-Za-z_][^<>%&\\?/()\s;]{0,127}",
    key_rule=r"1 to 128 characters, from a letter or `_`, without spaces or any of <>%&\?/();",
    value=r"[^\x00-\x1f\x7f]{0,256}",
    value_rule="at most 256 characters on one line",
    reserved=("microsoft", "azure", "windows"),
)
"""What every type accepts: private DNS zones have 15 tags at most, and storage keys of 128."""
