"""Where a finding is fixed: by its gap, the names that it carries, its control or its resource."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from havre.assess.assessment import Request, assess
from havre.assess.subject import Subject, subject
from havre.facts import Known, Reserve
from havre.facts.model import Grant, Right
from havre.facts.stores import ObjectStore
from havre.plan import urns
from havre.policy import NOT_APPLICABLE, Outcome, Profile, Verdict, require
from havre.policy.findings import Finding, FindingKind, Waiver
from havre.policy.fixes import Fix, Places, fix_of
from havre.policy.model import Control, FixIn, Severity
from havre.policy.registry import find_control, installed_controls, own_controls
from havre.policy.selection import Selection
from havre.provider import Capability, Evidence, Gap, Support
from havre.spec.template import HEALTH, SMALL, Start, template
from tests.check.asked import EXAMPLES, PROVIDERS, given, judged
from tests.clouds import SETTINGS
from tests.policy.mutations import DROP, changed

if TYPE_CHECKING:
    from pathlib import Path

    from havre.policy import Case

OURS = "urn:pulumi:p::w::havre:index:ResearchWarehouse$havre:azure:Zones$toy:index:Bucket::curated"
THEIRS = "urn:pulumi:p::w::toy:index:Bucket::of-the-user"
PLACES = Places(
    frozenset({"lock_immutability", "country", "hds_certified"}),
    frozenset({"versions", "expire_days", "version"}),
    frozenset({"encryption.customer-key", "access.project-expiry"}),
    own_controls(),
)
DAY = dt.date(2026, 11, 30)


def finding(control: str, resource: str = OURS, **other: Any) -> Finding:
    return Finding(control, FindingKind.FAIL, Severity.HIGH, resource, **other)


def gap(capability: Capability, fallback: str = "something else", reason: str = "why") -> Gap:
    evidence = Evidence("made up", DAY)
    return Gap("any.control", capability, Support.PARTIAL, reason, fallback, evidence, "a risk")


def where(found: Finding) -> Fix:
    control: Control | None = None
    if not found.control.startswith("any."):
        control = find_control(found.control)
    return fix_of(found, control, PLACES)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("set `lock_immutability` once the first deployment has gone through", "lock_immutability"),
        ("say in the setting `country` where it stands", "country"),
        ("set `x.y` on the account, and `lock_immutability` afterwards", "lock_immutability"),
        ("order the option, set `hds_certified`, and wait", "hds_certified"),
    ],
)
def test_a_setting_that_the_remedy_or_the_gap_says_to_set(text: str, setting: str) -> None:
    assert where(finding("any.control", remedy=text)) == Fix(FixIn.SETTING, setting)
    declared = finding("any.control", "", gap=gap(Capability.OBJECT_LOCK, text))
    assert where(declared) == Fix(FixIn.SETTING, setting)


@pytest.mark.parametrize(
    "text",
    [
        "the lock is what `lock_immutability` is for",
        "set `known_elsewhere` to true",
        "set nothing. Then `lock_immutability` is of no use",
    ],
)
def test_a_setting_that_is_only_mentioned_or_not_known_fixes_nothing(text: str) -> None:
    assert where(finding("any.control", remedy=text)) == Fix(FixIn.HAVRE)


def test_a_certificate_depends_on_a_setting_only_where_the_finding_names_it() -> None:
    remedy = "order the option and set `hds_certified`"
    named = finding("jurisdiction.hds", found="it holds with `hds_certified` alone", remedy=remedy)
    assert where(named) == Fix(FixIn.SETTING, "hds_certified")
    outside = finding("jurisdiction.hds", found="none found", remedy=remedy)
    assert where(outside) == Fix(FixIn.DECISION)


def test_a_setting_whose_value_was_found_is_what_fixes_it() -> None:
    places = replace(PLACES, settings=frozenset(), given={"country": "DE"})
    found = finding("any.control", found="this-machine (DE)", remedy="Set `country` to the place.")
    assert fix_of(found, None, places) == Fix(FixIn.SETTING, "country")
    declared = replace(found, control="access.project-expiry")
    assert fix_of(declared, None, places) == Fix(FixIn.SETTING, "country")
    for other in (
        replace(found, found="this-machine (DEU)"),
        replace(found, remedy="Move it to another machine."),
        replace(found, gap=gap(Capability.RESIDENCY, "the setting `country` (DE)")),
    ):
        assert fix_of(other, None, places).where is not FixIn.SETTING


@pytest.mark.parametrize(
    ("field", "remedy", "path"),
    [
        ("zones.curated", "set `versions` of the zone to true", "zones.curated.versions"),
        ("zones.curated", "None. Set `versions` to true.", "zones.curated.versions"),
        ("database.version", "set `version` to one that is supported", "database.version"),
    ],
)
def test_a_field_that_the_remedy_says_to_set(field: str, remedy: str, path: str) -> None:
    assert where(finding("any.control", remedy=remedy, field=field)) == Fix(FixIn.FILE, path)


def test_a_remedy_about_another_field_does_not_name_the_fix() -> None:
    found = finding("any.control", remedy="set `versions`", field="zones.curated.expire_days")
    assert where(found) == Fix(FixIn.HAVRE)


def foreign(fixed_in: FixIn | None = None) -> Control:
    """A control of a user's own, on a control of Havre's that declares no place."""
    ours = find_control("encryption.at-rest")
    assert ours.fixed_in is None
    return replace(ours, id="house.rule", fixed_in=fixed_in)


@pytest.mark.parametrize("resource", [OURS, ""])
@pytest.mark.parametrize("remedy", ["Ask for a longer lock.", "set `known_elsewhere`"])
def test_a_control_of_ones_own_points_at_the_field_that_it_names(
    resource: str, remedy: str
) -> None:
    field = "zones.curated.immutable_days"
    found = finding("house.rule", resource, field=field, remedy=remedy)
    assert fix_of(found, foreign(), PLACES) == Fix(FixIn.FILE, field)
    assert where(replace(found, control="encryption.at-rest")) == Fix(FixIn.HAVRE)
    assert fix_of(replace(found, field=""), foreign(), PLACES) == Fix(FixIn.HAVRE)


def test_what_a_control_of_ones_own_declares_or_finds_elsewhere_goes_before_its_field() -> None:
    found = finding("house.rule", field="zones.curated.immutable_days")
    assert fix_of(found, foreign(FixIn.DECISION), PLACES) == Fix(FixIn.DECISION)
    theirs = replace(found, resource=THEIRS)
    assert fix_of(theirs, foreign(), PLACES) == Fix(FixIn.PROGRAM)
    reserved = replace(found, reserve=Reserve.NOT_IN_FORCE)
    assert fix_of(reserved, foreign(), PLACES) == Fix(FixIn.PROVIDER)


@pytest.mark.parametrize(
    ("control", "field"),
    [
        ("exit.counterpart", "exit.provider"),
        ("exit.portable", "database.extensions"),
        ("inventory.supported-versions", "database.version"),
        ("continuity.deletion", "protection.deletion"),
    ],
)
def test_some_controls_are_fixed_in_the_file(control: str, field: str) -> None:
    assert where(finding(control, field=field)) == Fix(FixIn.FILE, field)


@pytest.mark.parametrize(
    "capability", [Capability.OPERATOR_LAW, Capability.HDS, Capability.SECNUMCLOUD]
)
def test_law_and_certificates_are_decided(capability: Capability) -> None:
    assert where(finding("any.control", "", gap=gap(capability))) == Fix(FixIn.DECISION)


def test_what_the_provider_does_not_apply_by_itself_is_the_providers() -> None:
    """An administrator does it, at the provider."""
    reserved = finding("any.control", reserve=Reserve.NOT_IN_FORCE)
    assert where(reserved) == Fix(FixIn.PROVIDER)
    theirs = finding("any.control", THEIRS, reserve=Reserve.NOT_IN_FORCE)
    assert where(theirs) == Fix(FixIn.PROGRAM)


def test_a_waiver_that_matches_nothing_is_a_decision() -> None:
    unused = Waiver("audit.keys", "Ana", "a reason", "D-1", DAY)
    assert where(finding("audit.keys", "", property="waiver", waiver=unused)) == Fix(FixIn.DECISION)
    assert where(finding("jurisdiction.operator", "")) == Fix(FixIn.DECISION)
    assert where(finding("exit.rehearsed", "")) == Fix(FixIn.REHEARSAL)


@pytest.mark.parametrize("capability", [Capability.OBJECT_LOCK, Capability.NAMED_PEOPLE])
def test_a_gap_is_the_providers(capability: Capability) -> None:
    assert where(finding("any.control", "", gap=gap(capability))) == Fix(FixIn.PROVIDER)


@pytest.mark.parametrize("control", ["encryption.customer-key", "access.project-expiry"])
def test_a_resource_of_a_declared_gap_is_the_providers(control: str) -> None:
    assert where(finding(control, field="projects.one.expires")) == Fix(FixIn.PROVIDER)


@pytest.mark.parametrize("control", ["encryption.at-rest", "continuity.deletion", "audit.keys"])
def test_a_resource_outside_the_component_is_the_users_program(control: str) -> None:
    assert where(finding(control, THEIRS, field="zones")) == Fix(FixIn.PROGRAM)


@pytest.mark.parametrize("resource", [OURS, ""])
def test_what_nobody_else_can_fix_is_havres(resource: str) -> None:
    found = finding("encryption.at-rest", resource, remedy="set `encryption.keySource`")
    assert where(found) == Fix(FixIn.HAVRE)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_no_finding_on_our_own_builders_is_left_to_havre(example: str, provider: str) -> None:
    """What a builder leaves open is mended there, or declared as a gap: none may be excepted."""
    findings = judged(example, provider).findings
    assert all(found.fix for found in findings)
    left = {each.control for each in findings if each.fix and each.fix.where is FixIn.HAVRE}
    assert left == set()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_nor_once_a_stack_sets_all_that_would_fix_something(example: str, provider: str) -> None:
    """A setting may show what was not known before: that is not left to Havre either."""
    for settings in (of_stack(provider), {**of_stack(provider), **mending(example, provider)}):
        findings = found_with(example, provider, settings)
        left = {each.control for each in findings if each.fix and each.fix.where is FixIn.HAVRE}
        assert left == set()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_setting_that_is_said_to_fix_a_resource_does(example: str, provider: str) -> None:
    """What a resource is found to lack is gone once the setting that is named is set."""
    given, mended = of_stack(provider), mending(example, provider)
    named = [
        each
        for each in found_with(example, provider, given)
        if each.fix and each.fix.where is FixIn.SETTING and not each.gap
    ]
    assert named or (example, provider) in NOTHING_TO_SET
    for setting in {each.fix.name for each in named if each.fix} - {"kubernetes_context"}:
        after = {
            (each.control, each.resource, each.property)
            for each in found_with(example, provider, {**given, setting: mended[setting]})
        }
        before = {
            (each.control, each.resource, each.property)
            for each in named
            if each.fix and each.fix.name == setting
        }
        left = {(control, urns.name(resource)) for control, resource, _ in before & after}
        assert left == (OWN_LOGS if provider == "azure" else set())


OWN_LOGS = {
    ("audit.protected", "emc2-production-audit-archive"),
    ("audit.protected", "emc2-production-recovery-archive"),
}
"""An archive on Azure does not archive its own access logs, whatever is locked: a declared gap."""
NOTHING_TO_SET = {("hospital", "azure"), ("hospital", "scaleway")}
"""Examples whose resources lack nothing that a setting gives."""


def of_stack(provider: str) -> dict[str, Any]:
    """Settings of a stack that takes every default."""
    return {**SETTINGS.get(provider, {}), **({"data_dir": "/x"} if provider == "local" else {})}


def mending(example: str, provider: str) -> dict[str, Any]:
    """Every setting that a finding on an example may name, set (but for a cluster's context)."""
    projects = sorted(subject(EXAMPLES[example], provider).spec.projects)
    return {
        "azure": {"lock_immutability": True},
        "ovh": {"ldp_site": "fr-province", "hds_certified": True},
        "scaleway": {
            "hds_certified": True,
            "database_node_type": "DB-POP2-4C-16G",
            "project_applications": {
                name: f"{number}4444444-2222-4333-8444-555555555555"
                for number, name in enumerate(projects)
            },
        },
        "local": {"country": "FR"},
    }[provider]


def found_with(example: str, provider: str, settings: dict[str, Any]) -> tuple[Finding, ...]:
    """What a check of an example finds with these settings and no waivers."""
    asked = Request(subject(EXAMPLES[example], provider), settings, as_of=DAY)
    return tuple(assess(asked).result.findings)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("start", [HEALTH, SMALL], ids=["health", "small"])
def test_nor_on_those_of_a_new_file(start: Start, provider: str, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_text(template("new", start=start))
    request = Request(subject(file, provider), given(provider), as_of=DAY)
    findings = assess(request).result.findings
    assert findings
    left = {each.control for each in findings if each.fix and each.fix.where is FixIn.HAVRE}
    assert left == set()


@pytest.mark.parametrize("control", ["encryption.customer-key", "access.project-expiry"])
def test_what_a_verdict_says_goes_before_a_declared_gap(control: str) -> None:
    """What the file itself asks for is not the provider's, even where a gap is beside it."""
    said = finding(control, field="zones.backup", fix=Fix(FixIn.FILE, "zones.backup"))
    assert where(said) == Fix(FixIn.FILE, "zones.backup")
    assert where(replace(said, fix=None)) == Fix(FixIn.PROVIDER)
    assert where(replace(said, resource=THEIRS)) == Fix(FixIn.PROGRAM)


def test_a_control_of_ones_own_is_fixed_where_havres_is_that_finds_the_same() -> None:
    field, lock = "zones.curated.immutable_days", Fix(FixIn.SETTING, "lock_immutability")
    places = replace(PLACES, found={(OURS, "locked_days", "0"): lock})
    found = finding("house.rule", property="locked_days", found="0", field=field)
    assert fix_of(found, foreign(), places) == lock
    for other in (
        replace(found, property="versions"),
        replace(found, resource=f"{OURS}-two"),
        replace(found, found="3"),
    ):
        assert fix_of(other, foreign(), places) == Fix(FixIn.FILE, field)
    assert fix_of(found, foreign(FixIn.DECISION), places) == Fix(FixIn.DECISION)


HOUSE = Control(
    "house.lock",
    "Versions are locked for a week.",
    "",
    Profile.BASELINE,
    Severity.MEDIUM,
    ("A 8.13",),
    "Lock the zone for a week.",
    ObjectStore,
    lambda store, _: (
        require("locked_days", store.locked_days, lambda days: days >= 7, "7 days")
        if store.zone == "curated"
        else NOT_APPLICABLE
    ),
    ("zones", "curated", "immutable_days"),
)
"""What a hospital asks of its own."""


@pytest.mark.parametrize("only", [(), ("house.lock",)], ids=["all", "only its own"])
@pytest.mark.parametrize(
    ("days", "fix"),
    [
        (30, Fix(FixIn.SETTING, "lock_immutability")),
        (0, Fix(FixIn.FILE, "zones.curated.immutable_days")),
    ],
    ids=["the file asks for a lock", "it does not"],
)
def test_a_lock_that_a_setting_holds_back_is_fixed_there_for_an_own_control_too(
    days: int, fix: Fix, only: tuple[str, ...]
) -> None:
    of = Request(
        asking(("zones.curated.immutable_days", days)),
        given("azure"),
        as_of=DAY,
        selection=Selection(frozenset(only)),
    )
    result = assess(of, (*installed_controls(), HOUSE)).result
    assert {each.fix for each in result.findings if each.control == "house.lock"} == {fix}
    assert not only or {each.id for each in result.controls} == set(only)


def asking(*changes: tuple[str, Any], provider: str = "azure") -> Subject:
    """The national example with fields changed."""
    of = subject(EXAMPLES["emc2"], provider)
    return replace(of, spec=changed(of.spec, *changes))


@pytest.mark.parametrize("zone", ["landing", "curated", "research", "export"])
@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway", "local"])
def test_what_fails_for_versions_that_a_file_turns_off_is_the_files(
    provider: str, zone: str
) -> None:
    """Copies, backups and undeletion of a zone rest on its earlier versions."""
    off = ((f"zones.{zone}.immutable_days", 0), (f"zones.{zone}.versions", False))
    before, after = (
        {
            (each.control, each.resource, each.found): each
            for each in assess(
                Request(asking(*changes, provider=provider), given(provider), as_of=DAY)
            ).result.findings
        }
        for changes in (off[:1], off)
    )
    new = [after[key] for key in after if key not in before]
    assert new
    assert {each.fix for each in new} == {Fix(FixIn.FILE, f"zones.{zone}.versions")}


SHORT = (("zones.backup.recoverable_days", 30), ("zones.backup.expire_days", 60))


@pytest.mark.parametrize(
    ("provider", "changes", "control", "of", "fix"),
    [
        ("azure", (), "continuity.erasable", "zone-backup", Fix(FixIn.FILE, "zones.backup")),
        ("ovh", (), "continuity.erasable", "zones-backup", Fix(FixIn.FILE, "zones.backup")),
        ("ovh", (), "continuity.erasable", "database", Fix(FixIn.PROVIDER)),
        ("scaleway", (), "continuity.erasable", "zones-backup", Fix(FixIn.PROVIDER)),
        ("local", (), "continuity.erasable", "zones-backup", Fix(FixIn.PROVIDER)),
        ("scaleway", (), "audit.retention", "audit-logs", Fix(FixIn.PROVIDER)),
        ("scaleway", (), "access.export-gate", "access-export-policy", Fix(FixIn.PROVIDER)),
        ("ovh", (), "access.project-expiry", "access", Fix(FixIn.PROVIDER)),
        ("ovh", SHORT, "continuity.erasable", "zones-backup", None),
        (
            *("ovh", (("zones.backup.recoverable_days", 0), ("zones.backup.version_days", 1))),
            *("continuity.erasable", "zones-backup", Fix(FixIn.FILE, "zones.backup")),
        ),
        (
            *("azure", (("sites.recovery", DROP), ("network.recovery_address_space", DROP))),
            *("continuity.recovery-site", "", Fix(FixIn.FILE, "sites.recovery")),
        ),
        (
            *("ovh", (("network.administration", []),), "exposure.public-cluster", "cluster"),
            Fix(FixIn.FILE, "network.administration"),
        ),
        (
            *("azure", (("zones.logs.immutable_days", 0),)),
            *("access.separation-of-duties", "", None),
        ),
    ],
)
def test_who_fixes_what_a_file_asks_for_itself(
    provider: str, changes: tuple[tuple[str, Any], ...], control: str, of: str, fix: Fix | None
) -> None:
    """The file, where it asks for what a control refuses; else the provider that departs from it.

    None: the finding is mended, and nothing is left to fix.
    """
    request = Request(asking(*changes, provider=provider), given(provider), as_of=DAY)
    found = [each for each in assess(request).result.findings if each.control == control]
    fixes = {
        each.fix for each in found if each.resource and of in each.resource.rpartition("::")[2]
    }
    assert fixes == ({fix} if fix else set())


@pytest.mark.parametrize(
    ("project", "expires", "fixed_in"),
    [
        ("cohort-diabetes", None, None),
        ("cohort-diabetes", dt.date(2099, 1, 1), FixIn.FILE),
        ("no-longer-there", dt.date(2027, 1, 1), FixIn.FILE),
        ("ended", None, FixIn.FILE),
    ],
)
def test_a_grant_that_outlives_its_project_is_the_files_unless_it_has_no_end_at_all(
    project: str, expires: dt.date | None, fixed_in: FixIn | None
) -> None:
    whole = subject(EXAMPLES["emc2"], "ovh").spec
    former = whole.projects["cohort-diabetes"].model_copy(update={"expires": dt.date(2026, 1, 1)})
    spec = whole.model_copy(update={"projects": {**whole.projects, "ended": former}})
    case = cast("Case", SimpleNamespace(spec=spec, as_of=DAY))
    end, reads = Known(expires), Known(frozenset({Right.READ}))
    grant = Grant(
        OURS,
        "toy:index:Grant",
        tags=Known({}),
        places=Known(()),
        expires=end,
        rights=reads,
        project=project,
    )
    verdict = find_control("access.project-expiry").function(grant, case)
    assert isinstance(verdict, Verdict)
    assert (verdict.outcome, verdict.fixed_in) == (Outcome.FAIL, fixed_in)
