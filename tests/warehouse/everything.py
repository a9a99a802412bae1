"""Everything of a warehouse and of an exit's folder, to be compared: what is only read is equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.exit.database import verify as digests
from havre.exit.records import ordered
from havre.exit.settings import ExitSide
from havre.exit.sides import reach
from havre_local.machine.access import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warehouse.conftest import Site

KEPT = (
    *("certificates", "keys", "projects", "secrets", "backups", "havre.json"),
    *("state/stack.json", "state/run.json", "object-store/accounts", "object-store/zones"),
)
"""What of a data folder only `havre` writes; its services write the rest while they are asked."""
ROLES = "SELECT * FROM pg_authid ORDER BY oid"
MEMBERS = "SELECT * FROM pg_auth_members ORDER BY oid"


def folder_of(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and bytes of every file of a folder; of a folder, its mode and time."""
    found = {}
    for path in (root, *root.rglob("*")):
        known = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(root))] = (known.st_mode, known.st_mtime_ns, content)
    return found


def warehouse_of(site: Site) -> dict[str, Any]:
    """Objects with all that they bear, policies, rights, rows, and files of keys and secrets."""
    reached = reach(ExitSide(data_dir=str(site.data_dir)), site.root)
    stores = {name: reached.live.store(name) for name in reached.outputs.zones}
    database = reached.live.database()
    with database.connect(autocommit=True) as connection:
        rights = [connection.execute(query).fetchall() for query in (ROLES, MEMBERS)]
    return {
        "objects": {
            name: [(each, store.properties(each)) for each in store.versions()]
            for name, store in stores.items()
        },
        "policies": {
            name: policy(site, zone.bucket) for name, zone in reached.outputs.zones.items()
        },
        "rights": rights,
        "rows": ordered(digests.lines(database, {})),
        "files": {
            (kept, name): (mode, content)
            for kept in KEPT
            if (site.data_dir / kept).exists()
            for name, (mode, _, content) in folder_of(site.data_dir / kept).items()
        },
    }


def policy(site: Site, bucket: str) -> str:
    """The policy of a bucket; empty where it has none."""
    client = open_warehouse(site.data_dir).client()
    try:
        return str(client.get_bucket_policy(Bucket=bucket)["Policy"])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return ""


def differing(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Where two records of everything differ, in few words."""
    return [
        f"{number}: {name}: {_shown(former.get(name), now.get(name))}"
        for number, (former, now) in enumerate(zip(before, after, strict=True))
        for name in sorted({*former, *now})
        if former.get(name) != now.get(name)
    ]


def _shown(former: Any, now: Any) -> str:
    if isinstance(former, dict) and isinstance(now, dict):
        return str(
            {k: (former.get(k), now.get(k)) for k in {*former, *now} if former.get(k) != now.get(k)}
        )
    if isinstance(former, list) and isinstance(now, list):
        return str([each for each in (*former, *now) if (each in former) != (each in now)])
    return str((former, now))
