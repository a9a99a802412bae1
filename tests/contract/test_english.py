"""How the texts that people read are written: words, lengths, names and dates.

A source gives texts of one kind. A further part of the project is added as a row of `SOURCES`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from havre.capabilities import NATIVE_WHEN
from havre.capabilities.declarations import Declared
from havre.facts.evaluated import properties
from havre.policy.qualifications import installed_qualifications
from havre.policy.registry import installed_controls
from havre.provider import find
from havre.provider.contract import remedy
from havre.spec.load import load
from havre.stack.program import offline_settings

ROOT = Path(__file__).parents[2]
PROVIDERS = ("azure", "ovh", "scaleway", "local")
MESSAGES = (
    *("havre/cli", "havre/engine", "havre/exit", "havre/stack", "havre/assess", "havre/evaluate"),
    *("providers/azure/havre_azure", "providers/ovh/havre_ovh", "providers/local/havre_local"),
    "providers/scaleway/havre_scaleway",
)
"""Where messages are read; a further folder is added as its messages are rewritten."""
TEXTS = (
    *("havre/live", "havre/plan", "havre/policy", "havre/report", "havre/compare", "havre/pack"),
    *("havre/documents", "havre/spec", "havre/provider", "havre/capabilities", "havre/files"),
    "providers/conformance/havre_conformance",
)
"""Where every text is read, whatever shows it."""
EXAMPLES = sorted(ROOT.glob("examples/*/warehouse.yaml"))
FRAMEWORKS = ROOT / "policies" / "havre_policies" / "frameworks.yaml"
WORDS_IN_A_TITLE, WORDS_IN_A_SENTENCE = 14, 25


class Kind(Enum):
    """What a text is: a title is one sentence, a label none, and a clause follows a label.

    An official title is another's: only its names, dates and accents can be wrong.
    """

    TITLE = "title"
    SENTENCES = "sentences"
    CLAUSE = "clause"
    LABEL = "label"
    OFFICIAL = "official"


@dataclass(frozen=True)
class Written:
    where: str
    text: str
    kind: Kind


def control_texts() -> Iterator[Written]:
    for control in installed_controls():
        yield Written(f"{control.id}: title", control.title, Kind.TITLE)
        yield Written(f"{control.id}: remedy", control.remedy, Kind.SENTENCES)
        if control.rationale:
            yield Written(f"{control.id}: rationale", control.rationale, Kind.SENTENCES)
        for name in PROVIDERS:
            if told := remedy(find(name), control.id):
                yield Written(f"{name}: {control.id}: remedy", told, Kind.SENTENCES)


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module with a space, without docstrings and annotations; a value is one word."""
    tree = ast.parse(path.read_text())
    annotated = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
    documents = annotated | {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(inner) for inner in ast.walk(node)} - {id(node)}
        if not isinstance(node, ast.Constant | ast.JoinedStr) or id(node) in inside:
            continue
        text = _literal(node)
        if " " in text.strip() and id(node) not in documents | spoken:
            yield node.lineno, text


def _literal(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_literal(v) if isinstance(v, ast.Constant) else "7" for v in node.values)


def finding_texts() -> Iterator[Written]:
    """What controls find and require."""
    for path in sorted((ROOT / "policies" / "havre_policies").glob("*.py")):
        for line, text in literals(path):
            yield Written(f"{path.name}:{line}", text, Kind.LABEL)


TOLD = {"message", "remedy", "REMEDY", "question"}
"""Names under which a module keeps a message before it is shown."""
SHOWN_BY = {"print", "echo", "confirm", "prompt"}


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module that people read: of errors that are raised, and what is printed."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) or _is_told(node) or _is_shown(node):
            inside |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    yield from ((line, text) for line, text in literals(path) if line in inside)


def _is_told(node: ast.AST) -> bool:
    """Whether a statement keeps a message, or makes an error, for later."""
    if isinstance(node, ast.Assign):
        return any(isinstance(each, ast.Name) and each.id in TOLD for each in node.targets)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.endswith("Error")
    )


def _is_shown(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return name in SHOWN_BY or ast.unparse(node.func).endswith("_tell")


COMMAND = re.compile(
    r"pip install \S+|[A-Z_]+=true pulumi\b|(?:[A-Z]+ )?[A-Z ]{6,}\b"
    r"|\b(?:pulumi|havre) [a-z-]+|--[\w-]+"
)
"""What a user or a server is given to run: SQL, and commands."""


def message_texts(folder: str) -> Iterator[Written]:
    """What commands and libraries report: errors with their remedies, and what is printed."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for line, text in messages(path):
            where = f"{path.relative_to(ROOT)}:{line}"
            yield Written(where, COMMAND.sub("X", text), Kind.LABEL)


CODE = re.compile(r"\(\?[:P]|^\s*(?:- |SELECT |WITH )|\nname: |^postgresql \d")
"""What is no prose: patterns, SQL, YAML, and the value of a fact."""


def room_texts(folder: str) -> Iterator[Written]:
    """Every text of a folder's modules."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for line, text in literals(path):
            if not CODE.search(text):
                where = f"{path.relative_to(ROOT)}:{line}"
                yield Written(where, COMMAND.sub("X", text), Kind.LABEL)


def framework_texts() -> Iterator[Written]:
    files = [FRAMEWORKS, *sorted(FRAMEWORKS.with_suffix("").glob("*.yaml"))]
    every = [each for path in files for each in yaml.safe_load(path.read_text())["frameworks"]]
    for framework in every:
        key = framework["key"]
        yield Written(f"{key}: title", framework["title"], Kind.OFFICIAL)
        yield Written(f"{key}: binds", framework["binds"], Kind.SENTENCES)
        headings = [*framework.get("headings", []), framework.get("whole", {})]
        for heading in headings:
            where = f"{key} {heading.get('id', 'whole')}"
            yield Written(f"{where}: title", heading.get("title", key), Kind.OFFICIAL)
            if "part" in heading:
                yield Written(f"{where}: part", heading["part"], Kind.SENTENCES)


def certificate_texts() -> Iterator[Written]:
    for record in installed_qualifications().records:
        if record.note:
            where = f"{record.offer}, {record.product}, {record.scheme}"
            yield Written(where, record.note, Kind.SENTENCES)


def due_texts() -> Iterator[Written]:
    for capability, sentence in NATIVE_WHEN.items():
        yield Written(capability.value, sentence, Kind.SENTENCES)


def gap_texts(name: str) -> Iterator[Written]:
    """A provider's gaps: of every example, and all that it declares."""
    provider, gaps = find(name), [*declarations(name).texts.values()]
    for path in EXAMPLES:
        settings, _ = offline_settings(provider, GIVEN.get(name, {}))
        gaps += provider.gaps(load(path).warehouse, settings)
    for gap in gaps:
        where = f"{name}: {gap.capability.value}: {gap.control}"
        yield Written(f"{where}: reason", gap.reason, Kind.SENTENCES)
        yield Written(f"{where}: measure", gap.fallback, Kind.CLAUSE)
        yield Written(f"{where}: risk", gap.risk, Kind.CLAUSE)


def declarations(name: str) -> Declared:
    found: Declared = import_module(f"havre_{name}.capabilities").DECLARED
    return found


def answer_texts(name: str) -> Iterator[Written]:
    """Reasons of a provider's answers: for capabilities, and for options of the contract."""
    provider = find(name)
    for capability, answer in provider.capabilities.items():
        if answer.reason:
            yield Written(f"{name}: {capability.value}", answer.reason, Kind.SENTENCES)
    for member, answer in getattr(provider, "options", {}).items():
        yield Written(f"{name}: {member}", answer.reason, Kind.SENTENCES)


def site_texts(name: str) -> Iterator[Written]:
    """What to know before choosing a site."""
    for site, about in find(name).sites.items():
        for restriction in about.restrictions:
            yield Written(f"{name}: {site}", restriction, Kind.LABEL)


def setting_texts(name: str) -> Iterator[Written]:
    schema = find(name).settings.model_json_schema()
    models = (schema, *schema.get("$defs", {}).values())
    for field, about in (item for model in models for item in model["properties"].items()):
        yield Written(f"{name}: {field}", about["description"], Kind.LABEL)


def fault_texts(name: str) -> Iterator[Written]:
    """What a provider refuses before anything is deployed."""
    path = ROOT / "providers" / name / f"havre_{name}" / "checks.py"
    for line, text in literals(path) if path.is_file() else ():
        yield Written(f"{name}: checks.py:{line}", text, Kind.LABEL)


def property_texts(name: str) -> Iterator[Written]:
    """Why a property that no fact reads matters."""
    package = f"havre_{name}"
    if (ROOT / "providers" / name / package / "data" / "properties.toml").is_file():
        for kind, row in properties(package).items():
            for path, each in row.open.items():
                yield Written(f"{name}: {kind}: {path}", each.why, Kind.SENTENCES)
            for path, why in row.harmless.items():
                yield Written(f"{name}: {kind}: {path}", why, Kind.SENTENCES)


GIVEN = {"local": {"data_dir": "/data"}}
OF_PROVIDERS: tuple[Callable[[str], Iterator[Written]], ...] = (
    *(gap_texts, answer_texts, site_texts, setting_texts, fault_texts, property_texts),
)
SOURCES: dict[str, Callable[[], Iterator[Written]]] = {
    "controls": control_texts,
    "findings": finding_texts,
    "frameworks": framework_texts,
    "certificates": certificate_texts,
    "capabilities": due_texts,
    **{f"messages of {folder}": partial(message_texts, folder) for folder in MESSAGES},
    **{f"texts of {folder}": partial(room_texts, folder) for folder in TEXTS},
    **{
        f"{name}: {source.__name__}": partial(source, name)
        for name in PROVIDERS
        for source in OF_PROVIDERS
    },
}
EMPTY = {"local: fault_texts", "local: property_texts"}
"""Sources of providers that have none."""
EVERY = pytest.mark.parametrize("source", [name for name in SOURCES if name not in EMPTY])

QUOTED = re.compile(r"`[^`]*`|https?://\S+|\b\w+_\w+\b|\b[a-z]+\.[a-z]+(?:-[a-z]+)+\b")
"""What is written as others write it: code, addresses, identifiers of controls."""
ALLOWED = re.compile(
    r"(?:legal|a) holds?\b|data-bearing|stand-ins?\b|rights of data subjects"
    r"|resources with data\b|there is no\b|cannot ask for\b",
    re.IGNORECASE,
)
WORDS = """
    alone anew anybody asked bear bearer bears beside guarded heed heeds held hold holds judge
    judged judges lie lies mend mends nobody partition renew renewed renews right rights sink sinks
    somebody spec specs stand standing stands stood stranger tell tells till told undone upon
    verdict verdicts whoever
"""
"""Words for which the field has another."""
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bbut for\b",
        r"\bfor want of\b",
        r"\basks? for\b",
        r"\bwhat is (?:asked|stored|wanted)\b",
        r"\bhand(?:ed)? (?:it |them |data )?over\b",
        r"\bway (?:in|out)\b",
        r"\bdata (?:are|lie|stay|were|have)\b",
        r"\bin clear\b",
        r"\bis no [a-z]",
        r"\bmay not\b",
        r"\blets? (?:pass|in|out)\b",
        r"\bto people\b",
        r"[\u2013\u2014]| - ",
    )
)
AMERICAN = re.compile(
    r"\b(?!size|resize|prize|seize)\w+(?:iz(?:e[ds]?|ing|ation)|yz(?:e[ds]?|ing))\b"
    r"|\b(?:color|center|behavior|favor|catalog|license[ds]|fulfill)\b",
    re.IGNORECASE,
)
NAMES = """
    ANSSI AKS Azure CNIL Entra Frankfurt GitHub GitLab Harbor HDS HTTPS Kubernetes Microsoft
    OKMS OpenStack OVHcloud Parquet PostgreSQL Pulumi SecNumCloud SQL SSH TLS versitygw VLAN VPN
"""
"""Proper names, as their owners write them."""
MISSPELT = re.compile(r"(?<!pulumi-)\b(?:postgres|ovh(?!/)|k8s|secnum cloud)\b", re.IGNORECASE)
ENTITIES = re.compile(r"\bOVH (?:Groupe|SAS|page|list|reversibility)\b")
"""Where an owner's other name is meant: companies, and titles of pages."""
DAY = re.compile(
    r"\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b|\b\d{1,2}(?:st|nd|rd|th)? (?:January|February|March|April|May"
    r"|June|July|August|September|October|November|December)\b",
)
"""A day in another form than 2026-11-30."""
UNACCENTED = re.compile(
    r"\b(?:acces|autorites|continuite|controle|conformite|correlation|deliberation|donnees|etat"
    r"|entrepots|procedures d|regionalisation|reseaux|sante|securite|separation des|taches)\b",
    re.IGNORECASE,
)
"""French words that have an accent."""


def faults(written: Written) -> Iterator[str]:
    """What is wrong with a text."""
    text = ALLOWED.sub(" ", QUOTED.sub("X", written.text))
    if written.kind is not Kind.OFFICIAL:
        yield from _words(text)
        yield from _forms(written, text)
    for rule in (DAY, UNACCENTED):
        yield from (found[0] for found in rule.finditer(text))
    yield from _names(text)


def _words(text: str) -> Iterator[str]:
    yield from sorted(set(re.findall(r"[a-z]+", text.lower())) & set(WORDS.split()))
    for pattern in (*PATTERNS, AMERICAN):
        yield from (found[0] for found in re.finditer(pattern, text))


def _names(text: str) -> Iterator[str]:
    plain = ENTITIES.sub(" ", text)
    yield from (found[0] for found in MISSPELT.finditer(plain))
    for name in NAMES.split():
        found = re.findall(rf"(?<![\w.-]){name}(?![\w.-]\w)", plain, re.IGNORECASE)
        yield from (each for each in found if each != name)


def _forms(written: Written, text: str) -> Iterator[str]:
    """Lengths, full stops and capitals, as the kind of a text has them."""
    if written.kind is Kind.LABEL:
        return
    listed = re.sub(r"\([^)]*\)", "", written.text)
    sentences = [each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z`])", listed) if each]
    yield from (
        f"{len(each.split())} words in a sentence"
        for each in sentences
        if len(each.split()) > WORDS_IN_A_SENTENCE
    )
    if not written.text.endswith("."):
        yield "no full stop"
    if ";" in text:
        yield "a semicolon"
    if written.kind is not Kind.CLAUSE and not re.match(r"[A-Z0-9`]", written.text):
        yield "no capital"
    if written.kind is Kind.TITLE and (len(sentences) > 1 or len(text.split()) > WORDS_IN_A_TITLE):
        yield "more than one short sentence"


@EVERY
def test_texts_are_written_in_plain_english(source: str) -> None:
    texts = list(SOURCES[source]())
    assert texts, "nothing was read"
    found = {f"{each.where}: {each.text}": ", ".join(faults(each)) for each in texts}
    wrong = [f"{fault}: {text}" for text, fault in found.items() if fault]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        (Kind.SENTENCES, "A plan tells where data is stored.", "tells"),
        (Kind.SENTENCES, "Traffic is refused but for the list.", "but for"),
        (Kind.SENTENCES, "Somebody answers for it.", "somebody"),
        (Kind.SENTENCES, "The data are encrypted.", "data are"),
        (Kind.LABEL, "`x` is no date", "is no d"),
        (Kind.LABEL, "the spec's countries", "spec"),
        (Kind.LABEL, "Postgres of the warehouse", "Postgres"),
        (Kind.LABEL, "OVHCloud chooses a region", "OVHCloud"),
        (Kind.LABEL, "it ends on 31/12/2027", "31/12/2027"),
        (Kind.LABEL, "it ends on 31 December 2027", "31 December"),
        (Kind.LABEL, "Conformite et donnees", "Conformite"),
        (Kind.LABEL, "a key is initialized", "initialized"),
        (Kind.SENTENCES, "A key is kept", "no full stop"),
        (Kind.SENTENCES, "a key is kept.", "no capital"),
        (Kind.SENTENCES, "A key is kept; it rotates.", "a semicolon"),
        (Kind.SENTENCES, f"A key {'very ' * 24}old.", "27 words in a sentence"),
        (Kind.TITLE, "Keys rotate. Logs are kept.", "more than one short sentence"),
        (Kind.TITLE, f"Keys {'often ' * 14}rotate.", "more than one short sentence"),
    ],
)
def test_a_fault_of_each_kind_is_seen(kind: Kind, text: str, fault: str) -> None:
    assert fault in list(faults(Written("here", text, kind)))


@pytest.mark.parametrize(
    "text",
    [
        "A legal hold on a data-bearing resource ends on 2027-12-31.",
        "There is no key. `exposure.partition` and exposure.partition-here are identifiers.",
        "OVHcloud, OVH Groupe SA, `OVH_ENDPOINT` and pulumi-ovh are names.",
    ],
)
def test_what_is_well_written_passes(text: str) -> None:
    assert list(faults(Written("here", text, Kind.SENTENCES))) == []
