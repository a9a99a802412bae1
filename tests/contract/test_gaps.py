import datetime as dt
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from havre.capabilities import NATIVE_WHEN
from havre.capabilities.declarations import declared, remedies
from havre.cli.app import run
from havre.errors import BugError, ExitCode
from havre.provider import ENTRY_POINT_GROUP, Capability, Support, Supported, find
from havre.spec.schema import resolve, schema

WHOLE = """
read_on = 2026-11-23
[sources]
drawer = "the stationer's catalogue, 2026"
shelf = "the shelf's label"
[capability.object-lock]
support = "native"
[capability.hsm-key]
support = "absent"
reason = "paper has no hardware"
source = "drawer"
fields = ["encryption.keys"]
[capability.hsm-key.gap.no-hardware]
control = "encryption.hsm-key"
fallback = "a locked drawer, for {days} days"
risk = "who has the key to the drawer in {place}"
[capability.hsm-key.gap.no-drawer]
control = "encryption.hsm-key"
reason = "there is no drawer"
source = "shelf"
fallback = "none"
risk = "everybody reads it"
"""
OTHER = """[capability.object-lock]
support = "absent"
reason = "paper has no lock"
source = "shelf"
[capability.object-lock.gap.no-drawer]
control = "continuity.immutability"
fallback = "none"
risk = "it can be torn"
"""
WORDS = {"days": 3, "place": "fr-{paris}"}


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str, name: str = "gaps.toml") -> Path:
        path = tmp_path / "paper" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_answers_and_gaps_are_read(write) -> None:
    found = declared(write(WHOLE))
    assert found.answers == {
        Capability.OBJECT_LOCK: Supported(Support.NATIVE),
        Capability.HSM_KEY: Supported(Support.ABSENT, "paper has no hardware"),
    }
    gap = found.gap("no-hardware", **WORDS)
    assert (gap.control, gap.capability) == ("encryption.hsm-key", Capability.HSM_KEY)
    assert (gap.support, gap.reason) == (Support.ABSENT, "paper has no hardware")
    assert gap.fallback == "a locked drawer, for 3 days"
    assert gap.risk == "who has the key to the drawer in fr-{paris}"
    assert gap.evidence.source == "the stationer's catalogue, 2026"
    assert gap.evidence.read_on == dt.date(2026, 11, 23)
    assert gap.fields == ("encryption.keys",)


def test_a_gap_may_have_a_reason_and_a_source_of_its_own(write) -> None:
    gap = declared(write(WHOLE)).gap("no-drawer")
    assert (gap.reason, gap.evidence.source) == ("there is no drawer", "the shelf's label")


@pytest.mark.parametrize(
    ("name", "words", "why"),
    [
        ("no-paper", {}, "gap `no-paper`: KeyError"),
        ("no-hardware", {}, "gap `no-hardware`: KeyError: 'days'"),
        ("no-hardware", {"days": 3}, "gap `no-hardware`: KeyError: 'place'"),
    ],
)
def test_a_gap_that_is_not_there_or_lacks_words_is_a_bug(write, name: str, words, why: str) -> None:
    with pytest.raises(BugError) as caught:
        declared(write(WHOLE)).gap(name, **words)
    assert caught.value.message.startswith(f"gaps.toml: {why}")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("read_on = 2026-11-23", "", "`read_on`: is missing"),
        ("read_on = 2026-11-23", "read_on = ", "TOMLDecodeError"),
        ('"absent"', '"missing"', "capability.hsm-key.support"),
        ("[capability.hsm-key]", "[capability.hsm]", "capability.hsm"),
        ('reason = "paper has no hardware"', "", "support `absent` needs a reason"),
        ('source = "drawer"', 'source = "attic"', "unknown source `attic`"),
        ('source = "drawer"', "", "gap `no-hardware` names no source"),
        ("gap.no-drawer", "gap.no-hardware", "TOMLDecodeError"),
        ('risk = "everybody reads it"', "", "gap.no-drawer.risk`: is missing"),
        ('risk = "everybody reads it"', 'risk = " "', "gap.no-drawer.risk"),
        ('risk = "everybody reads it"', 'risk = "} all"', "Single '}' encountered"),
        ('control = "encryption.hsm-key"', 'control = "hsm"', "no-hardware.control"),
        ('support = "native"', 'support = "native"\nreason = "so"', "neither a reason nor a gap"),
        ("fields =", "field =", "is unknown"),
        (
            '[capability.object-lock]\nsupport = "native"',
            OTHER,
            "two gaps are called `no-drawer`",
        ),
    ],
)
def test_a_malformed_file_is_a_bug_of_its_makers(write, old: str, new: str, why: str) -> None:
    assert old in WHOLE
    with pytest.raises(BugError, match=r"^paper/gaps\.toml is malformed: ") as caught:
        declared(write(WHOLE.replace(old, new, 1)))
    assert why in caught.value.message
    assert "`paper`" in caught.value.remedy


def test_a_missing_file_is_a_bug_of_its_makers(tmp_path: Path) -> None:
    with pytest.raises(BugError, match=r"gaps\.toml is malformed: FileNotFoundError"):
        declared(tmp_path / "gaps.toml")


def test_remedies_are_read_by_control(write) -> None:
    path = write('"encryption.hsm-key" = "buy a drawer"\n', "remedies.toml")
    assert remedies(path) == {"encryption.hsm-key": "buy a drawer"}


@pytest.mark.parametrize("text", ['"hsm" = "x"', '"encryption.hsm-key" = ""', "encryption = 1"])
def test_malformed_remedies_are_a_bug_of_their_makers(write, text: str) -> None:
    with pytest.raises(BugError, match=r"^paper/remedies\.toml is malformed: "):
        remedies(write(text, "remedies.toml"))


CONTROLS = {
    "encryption": "at-rest customer-key hsm-key key-rotation key-deletion distinct-keys in-transit "
    "database-tls cluster-secrets",
    "residency": "data replicas backups keys logs compute spread unplaced",
    "jurisdiction": "operator hds secnumcloud qualification-age telemetry",
    "exposure": "public-storage public-database public-cluster private-endpoints open-ingress "
    "egress names shared-keys cross-tenant workload-isolation partition",
    "access": "least-privilege project-isolation project-expiry separation-of-duties "
    "no-static-credentials no-plaintext-secret export-gate revocable "
    "personal-identity second-factor",
    "audit": "storage-access database keys administration network retention protected central "
    "cluster statements alerts person",
    "continuity": "backup recovery-site versioning immutability retention deletion "
    "availability state erasable",
    "inventory": "tags known supported-versions images environments",
    "exit": "counterpart portable rehearsed",
}
KNOWN = {f"{group}.{name}" for group, names in CONTROLS.items() for name in names.split()}


@pytest.mark.parametrize("name", [entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)])
def test_gaps_and_remedies_of_our_own_name_known_controls(name: str) -> None:
    provider = find(name)
    told = declared(Path(__file__).parents[2] / f"providers/{name}/havre_{name}/data/gaps.toml")
    assert dict(provider.capabilities) == dict(told.answers)
    assert {gap.control for gap in told.texts.values()} <= KNOWN
    assert provider.remedies
    assert set(provider.remedies) <= KNOWN
    for remedy in provider.remedies.values():
        assert not re.search(r"\s$|\s\s", remedy), remedy


@pytest.mark.parametrize("name", [entry.name for entry in entry_points(group=ENTRY_POINT_GROUP)])
def test_every_text_of_our_own_is_used(name: str) -> None:
    """A gap that no rule names is one that no user is ever told."""
    folder = Path(__file__).parents[2] / f"providers/{name}/havre_{name}"
    code = (folder / "capabilities.py").read_text()
    qualifications = {"hds", "secnumcloud"}  # by the words of the spec
    for gap in declared(folder / "data" / "gaps.toml").texts:
        assert gap in qualifications or f'"{gap}"' in code, gap


def test_every_capability_says_when_native_is_due() -> None:
    assert set(NATIVE_WHEN) == set(Capability)
    assert len(set(NATIVE_WHEN.values())) == len(NATIVE_WHEN)
    for sentence in NATIVE_WHEN.values():
        assert re.fullmatch(r"[A-Z].+[^.]\.", sentence), sentence
        assert 6 <= len(sentence.split()) <= 25, sentence  # docs: 25 words at most
        assert not re.search(r"azure|ovh|scaleway|microsoft|aws", sentence, re.IGNORECASE)


def test_fields_that_a_sentence_names_are_the_files() -> None:
    fields = (path for due in NATIVE_WHEN.values() for path in re.findall(r"`([a-z_.*]+)`", due))
    assert [path for path in fields if not _is_field(path)] == []


def _is_field(path: str) -> bool:
    """Whether the warehouse file has the field; one without a section is a zone's."""
    steps = path.split(".") if "." in path else ["zones", "*", path]
    root = node = schema()
    for step in steps:
        node = resolve(root, node)
        inner = node["additionalProperties"] if step == "*" else node["properties"].get(step)
        if inner is None:
            return False
        node = inner
    return True


def test_a_capability_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["providers", "operator-law"]) == ExitCode.OK
    said = " ".join(capsys.readouterr().out.split())
    assert NATIVE_WHEN[Capability.OPERATOR_LAW] in said
    assert "local: " in said
    assert run(["providers", "operator-lore"]) == ExitCode.INPUT
    assert "Did you mean `operator-law`?" in capsys.readouterr().err
