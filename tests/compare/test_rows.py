"""Every row of a comparison traces back to a plan, fact, gap or control.

Each test changes an input and sees its row change.
"""

import re
from dataclasses import replace

import pytest

from havre.compare import Comparison, Side, compare
from havre.compare.answers import answers, turned, unmet_of
from havre.compare.answers import changed as lost_and_gained
from havre.plan import Plan, PlannedResource
from havre.plan.parts import part_of
from havre.policy.findings import FindingKind
from havre.provider import Capability, Limit, Support, Supported, find
from havre.spec.load import load
from tests.check.asked import DAY, EXAMPLES, PROVIDERS, judged, offline


def side(name: str, plan: Plan | None = None) -> Side:
    provider, plan = find(name), plan or offline("emc2", name)
    result = judged("emc2", name, plan)
    gaps = tuple(finding.gap for finding in result.findings if finding.gap)
    return Side(provider, plan, provider.facts(plan), result, gaps)


def put(*sides: Side) -> Comparison:
    return compare(load(EXAMPLES["emc2"]).warehouse, "warehouse.yaml", DAY, sides)


@pytest.fixture(scope="module")
def all_sides() -> tuple[Side, ...]:
    return tuple(side(name) for name in PROVIDERS)


@pytest.fixture(scope="module")
def comparison(all_sides: tuple[Side, ...]) -> Comparison:
    return put(*all_sides)


def changed(plan: Plan, end: str, **inputs: object) -> Plan:
    """The plan with inputs of the resource whose name ends so."""
    found = [r for r in plan.resources if r.custom and r.name.endswith(end)]
    assert len(found) == 1, [r.name for r in found]
    mine: PlannedResource = replace(found[0], inputs={**found[0].inputs, **inputs})
    return replace(plan, resources=tuple(mine if r is found[0] else r for r in plan.resources))


def test_a_row_of_places_follows_the_plan(
    comparison: Comparison, all_sides: tuple[Side, ...]
) -> None:
    plan = changed(all_sides[0].plan, "-production-database", location="westeurope")
    moved = put(side("azure", plan), *all_sides[1:])
    before = {(row.copy, row.country): row.cells[0] for row in comparison.places}
    after = {(row.copy, row.country): row.cells[0] for row in moved.places}
    assert ("primary", "NL") not in before
    assert after["primary", "NL"].regions == {"westeurope": 1}
    assert [row.allowed for row in moved.places if row.country == "NL"].count(True) == 0
    assert "NL" in answers(moved)[0]
    assert "NL" not in answers(comparison)[0]


def test_a_row_of_controls_follows_the_plan(
    comparison: Comparison, all_sides: tuple[Side, ...]
) -> None:
    plan = changed(all_sides[0].plan, "-zone-curated", allowBlobPublicAccess=True)
    opened = put(side("azure", plan), *all_sides[1:])

    def cell(of: Comparison) -> tuple[str, int]:
        row = next(row for row in of.controls if row.control == "exposure.public-storage")
        return row.cells[0].verdict, row.cells[0].resources

    assert cell(comparison) == ("pass", 0)
    assert cell(opened) == ("fail", 1)


def test_a_row_of_resources_follows_the_facts(
    comparison: Comparison, all_sides: tuple[Side, ...]
) -> None:
    plan = changed(all_sides[0].plan, "-zone-curated", minimumTlsVersion="TLS1_0")
    weaker = put(side("azure", plan), *all_sides[1:])

    def told(of: Comparison) -> str:
        row = next(row for row in of.resources if row.role == "zone curated")
        assert row.part == "zones"
        return row.cells[0].settings["tls_minimum"]

    assert told(comparison) == "1.2"
    assert told(weaker) == "1.0"


def test_a_zones_promises_stand_side_by_side_by_name(comparison: Comparison) -> None:
    rows = {row.role: row for row in comparison.resources}

    def told(role: str, name: str) -> list[str | None]:
        return [cell.settings.get(name) if cell else None for cell in rows[role].cells]

    # On Azure the longest way back in time is kept open too: 35 days of backups, and 5. On
    # Scaleway HDS forbids the rules.
    assert told("zone landing", "recoverable_days") == [
        "40 days",
        "30 days",
        "without end",
        "without end",
    ]
    assert told("zone landing", "version_days") == [
        "0 days",
        "30 days",
        "without end",
        "without end",
    ]
    assert told("zone landing", "expire_days") == ["90 days", "90 days", "never", "never"]
    assert told("zone curated", "recoverable_days") == ["without end"] * 4
    assert told("database", "recoverable_days") == [None] * 4


def test_every_fact_stands_in_exactly_one_row(
    comparison: Comparison, all_sides: tuple[Side, ...]
) -> None:
    for number, each in enumerate(all_sides):
        names = [
            name
            for row in comparison.resources
            if (cell := row.cells[number])
            for name in cell.resources
        ]
        assert set(names) == {item.name for item in each.facts.items}


def test_a_row_of_capabilities_follows_the_provider(all_sides: tuple[Side, ...]) -> None:
    class Better:
        def __init__(self, provider: object) -> None:
            self.provider = provider
            self.capabilities = {
                **all_sides[1].provider.capabilities,
                Capability.HSM_KEY: Supported(Support.NATIVE),
            }

        def __getattr__(self, name: str) -> object:
            return getattr(self.provider, name)

    better = replace(all_sides[1], provider=Better(all_sides[1].provider))
    row = next(row for row in put(all_sides[0], better).capabilities if row.capability == "hsm-key")
    assert row.answers[1].support is Support.NATIVE
    before = next(r for r in put(*all_sides[:2]).capabilities if r.capability == "hsm-key")
    assert before.answers[1].support is Support.ABSENT
    assert before.differs


def test_gaps_of_the_other_side_are_met_by_an_exit(all_sides: tuple[Side, ...]) -> None:
    here, there = all_sides[:2]
    row = next(r for r in put(here, there).exits if r.source == "azure")
    names = {(obstacle.kind, obstacle.what) for obstacle in row.obstacles}
    assert ("capability", "key-rotation") in names
    without = replace(there, gaps=())
    fewer = next(r for r in put(here, without).exits if r.source == "azure")
    assert ("capability", "key-rotation") not in {(o.kind, o.what) for o in fewer.obstacles}
    assert len(names) == len(row.obstacles)


def test_lower_limits_are_met_by_an_exit(comparison: Comparison) -> None:
    kinds = {(row.source, row.target): {o.kind for o in row.obstacles} for row in comparison.exits}
    assert {"object-size", "key-length"} <= kinds["azure", "ovh"]
    assert not {"object-size", "key-length"} & kinds["ovh", "azure"]


@pytest.mark.parametrize(
    ("mine", "theirs", "lower"),
    [
        ((10, "bytes"), (10, "bytes"), False),
        ((10, "bytes"), (9, "bytes"), True),
        ((10, "characters"), (39, "bytes"), True),
        ((10, "characters"), (40, "bytes"), False),
        ((40, "bytes"), (10, "characters"), False),
    ],
)
def test_characters_take_up_to_four_bytes(
    mine: tuple[int, str], theirs: tuple[int, str], lower: bool
) -> None:
    evidence = find("ovh").limits["object-size"].evidence
    assert Limit(*theirs, evidence).below(Limit(*mine, evidence)) is lower


def test_every_ordered_pair_is_an_exit(comparison: Comparison) -> None:
    pairs = {(row.source, row.target) for row in comparison.exits}
    assert pairs == {(a, b) for a in PROVIDERS for b in PROVIDERS if a != b}


def test_the_part_of_a_resource_is_that_of_its_component() -> None:
    urn = "urn:pulumi:s::p::havre:index:ResearchWarehouse$havre:x:Zones$x:y:Bucket::name"
    assert part_of(urn) == "zones"
    assert part_of("urn:pulumi:s::p::x:y:Bucket::name") == "other"
    assert part_of("no urn at all") == "other"


def test_the_sentences_count_what_the_rows_tell(comparison: Comparison) -> None:
    where, who, unmet, *moving = answers(comparison)
    assert where.startswith("Data would be stored on azure in FR")
    assert "Microsoft Corporation" in who
    assert "OVH" in who
    assert f"on azure {unmet_of(comparison)[0].split(',')[0]} controls" in unmet.replace("O", "o")
    assert "operator-law" in moving[0]
    assert len(moving) == len(comparison.sides) - 1
    for after, told in enumerate(moving, 1):
        assert told.startswith(f"Moving from azure to {comparison.sides[after].name} would lose ")
        lost, _ = lost_and_gained(comparison, 0, after)
        met, _ = turned(comparison, 0, after)
        assert f"would lose {len(lost)} capabilities" in told
        assert re.search(rf"meet {len(met)} controls? that", told)


def test_waivers_are_left_out_of_the_counts_and_shown_apart(all_sides: tuple[Side, ...]) -> None:
    """What a waiver accepts is not met all the same: only the words behind the count change."""
    bare = judged("emc2", "azure", waivers=False)
    sides = (all_sides[0], replace(all_sides[0], result=bare))
    waived, plain = unmet_of(put(*sides))
    assert waived.split(",")[0] == plain.split(",")[0]
    assert waived.endswith(", all waived")
    assert plain.endswith(", none waived")


def test_a_control_counts_as_waived_only_where_all_that_it_found_is(
    all_sides: tuple[Side, ...],
) -> None:
    result = all_sides[0].result
    (first, *rest) = [f for f in result.findings if f.control == "audit.protected"]
    assert rest
    opened = replace(first, kind=FindingKind.FAIL, waiver=None)
    findings = tuple(opened if each is first else each for each in result.findings)
    (some,) = unmet_of(put(replace(all_sides[0], result=replace(result, findings=findings))))
    (every,) = unmet_of(put(all_sides[0]))
    number, waived = int(every.split()[0]), int(some.rsplit(", ")[1].split()[0])
    assert waived == number - 1


def test_the_exit_provider_itself_has_no_counterpart_to_look_for(comparison: Comparison) -> None:
    (row,) = [row for row in comparison.controls if row.control == "exit.counterpart"]
    verdicts = dict(zip(comparison.names, (cell.verdict for cell in row.cells), strict=True))
    assert verdicts["scaleway"] == "not-applicable"
    assert verdicts["azure"] != "not-applicable"
