"""Records of several distributions are taken together, and none replaces another's."""

import sys
from pathlib import Path

import pytest

from havre.documents.installed import record_files
from havre.errors import InputError, MissingDependencyError
from havre.policy.frameworks import installed_frameworks
from havre.policy.qualifications import installed_qualifications
from tests.policy.distributions import RECORD, install

FRAMEWORK = """
frameworks:
  - key: {key}
    title: A framework of a hospital's own
    binds: the hospital
    headings:
      - id: "1"
        title: Keys
        controls: [encryption.at-rest]
        part: that data are encrypted
        coverage: partly
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which distributions are taken, beside those that are installed."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_a_providers_own_certificates_stand_beside_ours(place: Path) -> None:
    before = installed_qualifications().records
    text = RECORD.format(offer="Acme Cloud", product="Acme Vault", scheme="secnumcloud")
    install(place, "acme", qualifications=text)  # sorts before Havre's own
    records = installed_qualifications().records
    assert [each for each in records if each in before] == list(before)
    more = [(each.offer, each.product) for each in records if each not in before]
    assert more == [("Acme Cloud", "Acme Vault")]
    first, *rest = [file.distribution for file in record_files("qualifications.yaml")]
    assert first.startswith("havre-policies ")
    assert "acme 2.1" in rest


def test_a_distribution_without_such_a_file_changes_nothing(place: Path) -> None:
    before = installed_frameworks()
    install(place, "acme", qualifications=RECORD.format(offer="A", product="B", scheme="hds"))
    assert installed_frameworks() == before


def test_a_framework_of_ones_own_stands_after_ours(place: Path) -> None:
    before = [framework.key for framework in installed_frameworks().items]
    install(place, "acme", frameworks=FRAMEWORK.format(key="CHU"))
    assert [framework.key for framework in installed_frameworks().items] == [*before, "CHU"]


def test_what_is_recorded_twice_is_refused_with_both_names(place: Path) -> None:
    ours = installed_qualifications().records[0]
    assert not ours.countries
    text = RECORD.format(offer=ours.offer, product=ours.product, scheme=ours.scheme)
    install(place, "acme", qualifications=text)
    with pytest.raises(InputError) as raised:
        installed_qualifications()
    assert "havre-policies" in str(raised.value)
    assert "acme 2.1" in str(raised.value)
    assert ours.product in str(raised.value)


def test_two_strangers_who_record_the_same_are_both_named(place: Path) -> None:
    text = RECORD.format(offer="Acme Cloud", product="*", scheme="hds")
    install(place, "acme", qualifications=text)
    install(place, "zebra", qualifications=text)
    with pytest.raises(InputError, match=r"by acme 2\.1 and by zebra 2\.1"):
        installed_qualifications()


def test_frameworks_of_a_distribution_may_be_in_several_files(place: Path) -> None:
    before = [framework.key for framework in installed_frameworks().items]
    install(place, "acme", frameworks=FRAMEWORK.format(key="CHU"))
    folder = place / "acme" / "acme" / "frameworks"
    folder.mkdir()
    (folder / "b.yaml").write_text(FRAMEWORK.format(key="B"))
    (folder / "a.yaml").write_text(FRAMEWORK.format(key="A2"))
    assert [each.key for each in installed_frameworks().items] == [*before, "CHU", "A2", "B"]
    (folder / "c.yaml").write_text(FRAMEWORK.format(key="CHU"))
    with pytest.raises(InputError, match=r"framework CHU is recorded in .*frameworks.yaml and in"):
        installed_frameworks()


def test_a_framework_that_is_recorded_twice_is_refused(place: Path) -> None:
    install(place, "acme", frameworks=FRAMEWORK.format(key="SNC"))
    with pytest.raises(InputError, match=r"framework SNC is recorded by havre-policies .* acme"):
        installed_frameworks()


def test_a_file_that_nobody_ships_is_named() -> None:
    with pytest.raises(MissingDependencyError, match=r"no installed distribution has `none\.yaml`"):
        record_files("none.yaml")
