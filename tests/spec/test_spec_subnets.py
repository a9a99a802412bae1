from __future__ import annotations

import json
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.spec.load import loads
from havre.spec.model import Cluster, Warehouse
from havre.spec.subnets import ADDRESSES_PER_NODE, longest_prefix, subnets


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    return loads(json.dumps(MINIMAL), "f").warehouse


MINIMAL: dict[str, Any] = {
    "name": "alpha",
    "environment": "staging",
    "organisation": {"name": "A", "country": "FR", "contact": "a@b.example"},
    "classification": "personal",
    "residency": {"countries": ["FR"]},
    "sites": {"primary": "fr-paris"},
    "zones": {"curated": {"purpose": "curated", "retention_days": 1}},
}


def with_nodes(warehouse: Warehouse, nodes: int) -> Warehouse:
    return warehouse.model_copy(update={"cluster": Cluster(nodes=nodes) if nodes else None})


def test_smallest_space_is_four_segments(warehouse: Warehouse) -> None:
    assert {name: str(net) for name, net in subnets("10.0.0.0/22", warehouse).items()} == {
        "endpoints": "10.0.0.0/24",
        "database": "10.0.1.0/24",
        "compute": "10.0.3.0/24",
        "administration": "10.0.2.0/24",
    }


def test_a_usual_space(warehouse: Warehouse) -> None:
    assert str(subnets("10.42.0.0/16", warehouse)["compute"]) == "10.42.240.0/20"


@pytest.mark.parametrize(("nodes", "prefix"), [(0, 22), (8, 22), (9, 21), (16, 21), (100, 18)])
def test_nodes_need_addresses(warehouse: Warehouse, nodes: int, prefix: int) -> None:
    assert longest_prefix(with_nodes(warehouse, nodes)) == prefix


def test_too_small(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/22 is too small: at least a /21"):
        subnets("10.0.0.0/22", with_nodes(warehouse, 9))


@given(nodes=st.integers(0, 100), prefix=st.integers(8, 18))
def test_segments_hold_and_do_not_move(nodes: int, prefix: int) -> None:
    warehouse = with_nodes(loads(json.dumps(MINIMAL), "f").warehouse, nodes)
    space = IPv4Network((10 << 24, prefix))
    segments = subnets(str(space), warehouse)
    assert all(segment.subnet_of(space) for segment in segments.values())
    assert not any(a.overlaps(b) for a, b in combinations(segments.values(), 2))
    assert segments["compute"].num_addresses >= max(256, nodes * ADDRESSES_PER_NODE)
    assert segments == subnets(str(space), with_nodes(warehouse, 0)), "a node moved a segment"
