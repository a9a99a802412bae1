"""What Scaleway accepts as names and tags.

Only names of buckets and of the registry are more than a label. The API accepts nearly any label,
so what is refused here is what a reader of the console could not tell apart or copy; ours, but for
buckets (see `havre_scaleway.resources`).
"""

from __future__ import annotations

from havre.provider.conventions import NameKind, TagRule

_TEXT = r"[A-Za-z0-9][A-Za-z0-9._ -]*"
LABEL_LIMIT = 63
LABELS = {
    code: NameKind(
        code, _TEXT, f"1 to {LABEL_LIMIT} letters, digits, `.`, `_`, `-` and spaces", LABEL_LIMIT
    )
    for code in (
        *("network", "subnet", "gateway", "group", "key", "logs", "server", "cluster"),
        *("application", "policy", "secret"),
    )
}
"""Resources whose name is a label; ours."""
BUCKET = NameKind(
    "bucket",
    r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "3 to 63 lower-case letters, digits and `-`, with neither first nor last",
    63,
)
REGISTRY = NameKind(
    "registry",
    r"[a-z0-9][a-z0-9-]{2,52}[a-z0-9]",
    "4 to 54 lower-case letters, digits and `-`, with neither first nor last",
    54,
)
"""Unique among all customers'; the limits are ours."""
DATABASE = NameKind(
    "database", r"[A-Za-z_][A-Za-z0-9_-]*", "1 to 40 letters, digits, `_` and `-`", 40
)
TAGS = TagRule(
    most=30,
    key=r"[a-zA-Z0-9_.:/+@-]{1,60}",
    key_rule="1 to 60 letters, digits or any of _.:/+@-",
    value=r"[a-zA-Z0-9_.:/=+@-]{0,200}",
    value_rule="at most 200 letters, digits or any of _.:/=+@-",
    reserved=("aws:",),
)
"""Of a bucket: S3 has 50 tags at most, and some are the warehouse's. Elsewhere a tag is one word
`key=value`, so a key has no `=`."""
