"""The set of controls: which there are, and that each says what it is."""

import importlib
import inspect
import re

import pytest

from havre.errors import BugError, InputError
from havre.facts.stores import DataStore
from havre.policy import Case, Control, Profile, Severity, Verdict, control, passes
from havre.policy.model import IDENTIFIER
from havre.policy.registry import find_control, installed_controls
from havre.policy.schemes import installed_schemes
from havre_policies import FAMILIES, controls

CONTROLS = installed_controls()
BASELINE = [
    "encryption.at-rest",
    "encryption.key-rotation",
    "encryption.key-deletion",
    "encryption.in-transit",
    "encryption.database-tls",
    "residency.data",
    "residency.replicas",
    "residency.backups",
    "residency.keys",
    "residency.logs",
    "residency.compute",
    "residency.spread",
    "residency.unplaced",
    "exposure.public-storage",
    "exposure.public-database",
    "exposure.open-ingress",
    "exposure.shared-keys",
    "exposure.partition",
    "access.least-privilege",
    "access.no-static-credentials",
    "access.no-plaintext-secret",
    "audit.storage-access",
    "audit.keys",
    "audit.administration",
    "audit.retention",
    "continuity.backup",
    "continuity.versioning",
    "continuity.retention",
    "continuity.deletion",
    "continuity.managed",
    "continuity.state",
    "inventory.tags",
    "inventory.known",
    "inventory.supported-versions",
]
HEALTH = [
    "encryption.customer-key",
    "encryption.distinct-keys",
    "encryption.cluster-secrets",
    "jurisdiction.operator",
    "jurisdiction.hds",
    "jurisdiction.qualification-age",
    "exposure.public-cluster",
    "exposure.private-endpoints",
    "exposure.egress",
    "exposure.names",
    "exposure.workload-isolation",
    "exposure.cross-tenant",
    "access.project-isolation",
    "access.project-expiry",
    "access.separation-of-duties",
    "access.export-gate",
    "access.revocable",
    "access.personal-identity",
    "access.second-factor",
    "audit.person",
    "audit.database",
    "audit.cluster",
    "audit.network",
    "audit.protected",
    "audit.statements",
    "audit.alerts",
    "audit.central",
    "continuity.recovery-site",
    "continuity.immutability",
    "continuity.erasable",
    "continuity.availability",
    "inventory.images",
    "inventory.environments",
    "exit.counterpart",
    "exit.portable",
]
SOVEREIGN = [
    "encryption.hsm-key",
    "jurisdiction.secnumcloud",
    "jurisdiction.telemetry",
    "exit.rehearsed",
]


def by_profile(profile: Profile) -> list[str]:
    return sorted(each.id for each in CONTROLS if each.profile is profile)


def test_these_are_the_controls_each_in_its_profile() -> None:
    assert by_profile(Profile.BASELINE) == sorted(BASELINE)
    assert by_profile(Profile.HEALTH) == sorted(HEALTH)
    assert by_profile(Profile.SOVEREIGN) == sorted(SOVEREIGN)


def test_each_stands_once_and_all_of_the_package_are_installed() -> None:
    ids = [each.id for each in CONTROLS]
    assert len(set(ids)) == len(ids)
    assert [each.id for each in controls()] == ids[: len(controls())]
    assert list(dict.fromkeys(each.family for each in controls())) == list(FAMILIES)


def test_profiles_include_those_before_them() -> None:
    pairs = {(a.value, b.value) for a in Profile for b in Profile if a.includes(b)}
    assert pairs == {
        ("baseline", "baseline"),
        *(("health", each) for each in ("baseline", "health")),
        *(("sovereign", each) for each in ("baseline", "health", "sovereign")),
    }


def test_severities_are_ranked_the_worst_first() -> None:
    ranked = sorted(Severity, key=lambda each: each.rank)
    assert [each.value for each in ranked] == ["critical", "high", "medium", "low"]


@pytest.mark.parametrize("each", CONTROLS, ids=lambda each: each.id)
def test_each_says_what_it_is(each: Control) -> None:
    assert IDENTIFIER.fullmatch(each.id)
    assert each.title
    assert len(each.title) <= 100
    assert each.title.endswith(".")
    assert "\n" not in each.title
    assert each.remedy.endswith(".")
    assert each.cites
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]*(?: [\w./-]+)?", cited) for cited in each.cites)


OF_SCHEMES = {scheme.control for scheme in installed_schemes()}
"""Controls that are rows of a data file."""
WRITTEN = [each for each in controls() if each.id not in OF_SCHEMES]


@pytest.mark.parametrize("each", WRITTEN, ids=lambda each: each.id)
def test_identifier_file_and_function_agree(each: Control) -> None:
    family, _, name = each.id.partition(".")
    module = importlib.import_module(f"havre_policies.{family}")
    assert each.function.__module__ == module.__name__
    assert each.function.__name__ == name.replace("-", "_")
    assert getattr(module, each.function.__name__) is each
    assert inspect.getdoc(each.function)
    arguments = list(inspect.signature(each.function).parameters)
    assert len(arguments) == (1 if each.over is None else 2)
    assert arguments[-1] == "case"


@pytest.mark.parametrize("each", CONTROLS, ids=lambda each: each.id)
def test_the_cause_is_a_place_in_the_spec(each: Control) -> None:
    from havre.spec import Warehouse

    schema = Warehouse.model_json_schema()
    at = schema
    for step in each.cause:
        reference = at.get("$ref") or next(
            (option["$ref"] for option in at.get("anyOf", ()) if "$ref" in option), ""
        )
        at = schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else at
        assert step in at["properties"], f"{each.cause} is nowhere"
        at = at["properties"][step]


def described(identifier: str, *, cites: tuple[str, ...] = ("SNC 1",), remedy: str = "Do.") -> None:
    @control(identifier, DataStore, Profile.BASELINE, Severity.LOW, cites=cites, remedy=remedy)
    def thing(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
        """A thing."""
        return passes()


def test_a_control_that_does_not_say_what_it_is_is_refused() -> None:
    described("made.thing")
    for identifier in ("made.other", "made", "Made.thing", "made.thing.twice", ".thing"):
        with pytest.raises(ValueError, match="thing"):
            described(identifier)
    with pytest.raises(ValueError, match="lacks"):
        described("made.thing", cites=())
    with pytest.raises(ValueError, match="lacks"):
        described("made.thing", remedy="")


def test_the_nearest_name_is_offered() -> None:
    assert find_control("exit.portable").id == "exit.portable"
    with pytest.raises(InputError) as error:
        find_control("exit.portible")
    assert "exit.portable" in error.value.remedy


def test_a_name_that_is_taken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from havre.policy import registry

    whole = registry.loaded

    def twice(group: str) -> list[tuple[str, str, object]]:
        if group != registry.CONTROLS:
            return whole(group)
        return [("havre", "havre-policies 1", controls), ("other", "others 1", controls)]

    monkeypatch.setattr(registry, "loaded", twice)
    with pytest.raises(BugError, match=r"`other` registers `encryption\.at-rest`"):
        installed_controls()


def test_what_is_no_control_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from havre.policy import registry

    monkeypatch.setattr(registry, "loaded", lambda group: [("other", "", lambda: (group,))])
    with pytest.raises(BugError, match="which is not a control"):
        installed_controls()
