"""What holds for the settings of every stack: names, tags, addresses, and their order."""

from havre.provider.conventions.addresses import (
    AddressPlan,
    address_faults,
    planned_addresses,
    replaced,
)
from havre.provider.conventions.adopting import Adopting
from havre.provider.conventions.labels import ExtraTags, TagRule, tag_faults, tags_of
from havre.provider.conventions.names import (
    Nameable,
    NameKind,
    Names,
    filled,
    name_faults,
    pattern_of,
)
from havre.provider.conventions.order import AfterFirstDeployment, early_settings

__all__ = [
    "AddressPlan",
    "Adopting",
    "AfterFirstDeployment",
    "ExtraTags",
    "NameKind",
    "Nameable",
    "Names",
    "TagRule",
    "address_faults",
    "early_settings",
    "filled",
    "name_faults",
    "pattern_of",
    "planned_addresses",
    "replaced",
    "tag_faults",
    "tags_of",
]
