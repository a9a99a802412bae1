"""Objects in a zone, read and written as its administrator does."""

from havre_local.machine.access import open_warehouse
from tests.warehouse.conftest import Site


def put(site: Site, zone: str, key: str = "note.txt", body: bytes = b"kept") -> str:
    warehouse = open_warehouse(site.data_dir)
    found = warehouse.client().put_object(Bucket=warehouse.bucket(zone), Key=key, Body=body)
    return str(found["VersionId"])


def get(site: Site, zone: str, key: str = "note.txt") -> bytes:
    warehouse = open_warehouse(site.data_dir)
    return warehouse.client().get_object(Bucket=warehouse.bucket(zone), Key=key)["Body"].read()
