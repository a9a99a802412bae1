"""What an organisation prescribes to every stack: names, tags and addresses."""

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

__all__ = [
    "AddressPlan",
    "Adopting",
    "ExtraTags",
    "NameKind",
    "Nameable",
    "Names",
    "TagRule",
    "address_faults",
    "filled",
    "name_faults",
    "pattern_of",
    "planned_addresses",
    "replaced",
    "tag_faults",
    "tags_of",
]
