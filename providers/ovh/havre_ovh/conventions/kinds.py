"""What OVHcloud accepts as names and tags.

Only a bucket's name is more than a label. The API accepts nearly any label, so what is refused here
is what a reader of the Control Panel could not tell apart or copy; ours, but for buckets and tags
(see `havre_ovh.resources`).
"""

from __future__ import annotations

from havre.provider.conventions import NameKind, TagRule

_TEXT = r"[A-Za-z0-9][A-Za-z0-9._ -]*"
LABELS = {
    code: NameKind(code, _TEXT, f"1 to {limit} letters, digits, `.`, `_`, `-` and spaces", limit)
    for code, limit in {
        "network": 63,
        "subnet": 63,
        "gateway": 63,
        "group": 63,
        "key": 120,
        "credential": 50,
        "stream": 63,
        "cluster": 63,
        "registry": 63,
        "policy": 63,
        "account": 63,
    }.items()
}
"""Resources whose name is a label, with the most characters that are written there; ours."""
BUCKET = NameKind(
    "bucket",
    r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "3 to 63 lower-case letters, digits and `-`, with neither first nor last",
    63,
)
DATABASE = NameKind(
    "database", r"[A-Za-z_][A-Za-z0-9_-]*", "1 to 40 letters, digits, `_` and `-`", 40
)
TAGS = TagRule(
    most=30,
    key=r"[a-zA-Z0-9_.:/=+@-]{1,128}",
    key_rule="1 to 128 letters, digits or any of _.:/=+@-",
    value=r"[a-zA-Z0-9_.:/=+@-]{0,256}",
    value_rule="at most 256 letters, digits or any of _.:/=+@-",
    reserved=("ovh:", "aws:"),
)
"""Of a bucket: S3 has 50 tags at most, and some are the warehouse's."""
