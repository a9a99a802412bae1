"""Both sides of an exit: each zone has one counterpart, and what is wrong is named."""

import pytest

from havre.errors import InputError
from havre.exit.settings import ExitFile
from havre.exit.sides import zones_of
from havre.provider.outputs import Outputs


def having(*zones: str) -> Outputs:
    return Outputs.model_construct(zones=dict.fromkeys(zones))


def saying(**zones: str) -> ExitFile:
    side = {"data_dir": "x"}
    told = {"name": "e", "source": side, "target": side, "controller": "c", "host": "h"}
    return ExitFile.model_validate({**told, "zones": zones})


def test_zones_of_one_name_belong_together() -> None:
    found = zones_of(saying(), having("landing", "curated"), having("landing", "curated", "more"))
    assert found == {"landing": "landing", "curated": "curated"}


def test_the_file_names_counterparts() -> None:
    found = zones_of(
        saying(curated="gold"), having("landing", "curated"), having("landing", "gold")
    )
    assert found == {"landing": "landing", "curated": "gold"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "zone `curated` has no counterpart: the target has no zone `curated`"),
        ({"curated": "silver"}, "the target has no zone `silver`"),
        ({"curated": "gold", "cureted": "gold"}, "the source has no zone `cureted`"),
        ({"curated": "landing"}, "zones `curated`, `landing` lead to `landing`"),
    ],
)
def test_what_does_not_go_together_is_named(said: dict[str, str], told: str) -> None:
    with pytest.raises(InputError) as caught:
        zones_of(saying(**said), having("landing", "curated"), having("landing", "gold"))
    assert told in str(caught.value)
    assert "`gold`, `landing`" in caught.value.remedy
