"""Writes the reference from the code: `python -m docs.generate`.

Every page is a function of what is installed: the spec's schema, the controls, the frameworks,
the providers and the command line. A test compares the pages that are kept with these.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from dataclasses import dataclass
from enum import EnumType
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from typer.models import ArgumentInfo

from docs.text import anchor, code, codes, fence, heading, inert, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import typer

    from havre.policy import Control
    from havre.policy.frameworks import Framework, Frameworks
    from havre.provider import Gap, Provider

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).resolve().parent / "reference"
TOY = ROOT / "tests" / "contract" / "toy_provider.py"
NOTE = "<!-- Written by `python -m docs.generate` from the code: do not edit. -->"
FIELDS = ("field", "type", "default", "limits", "description")
EXIT_CODES = {
    "OK": "Passed, or the command completed.",
    "FINDINGS": "`check`: a control fails without a waiver. `policy test`: a test fails. `drift`, "
    "`doctor`: something differs. `plan --against`, `adopt`: data would be lost, or a match is "
    "ambiguous. `logs verify`, `audit verify`: the record was changed. `probe`: a promise "
    "is broken. Steps of `exit`: something "
    "blocks or is left.",
    "INPUT": "The command line, a file or a setting is not valid. Nothing was done.",
    "NOT_EVALUATED": "`check`: a control was not evaluated, and `--allow-unknown` is not set. "
    "`audit who`: a line of a log cannot be read. `probe`: a promise was not seen.",
    "ENGINE": "A provider, a service or the engine failed, or refused to protect data.",
}
CHECK_FORMATS = {
    "table": "For people, on a terminal.",
    "json": "Everything, for programs. `havre/report/findings.schema.json` describes it.",
    "sarif": "SARIF 2.1.0, for code scanning.",
    "junit": "JUnit XML, for the test report of a pipeline.",
    "markdown": "For the summary of a pipeline or a merge request.",
    "gitlab": "GitLab's code quality report.",
    "html": "One page without external scripts, to print or to keep on file.",
    "oscal": "OSCAL assessment results, for compliance tools.",
}
OTHER_FORMATS = {
    "check --coverage-csv": "The result of each requirement of each framework, for spreadsheets.",
    "plan --format table": "The tree of resources, and the gaps.",
    "plan --format json": "Every resource with its inputs, dependencies and protection.",
    "plan --format dot": "A graph, for Graphviz.",
    "compare --format table": "For people, on a terminal.",
    "compare --format markdown": "For a merge request or a file.",
    "compare --format json": "For programs.",
    "compare --format html": "One page, light or dark like the reader's system.",
    "policy coverage --format table": "For people, on a terminal.",
    "policy coverage --format markdown": "For a merge request or a file.",
    "policy coverage --format html": "One page without external scripts, to print or keep.",
    "policy coverage --format json": "For programs, with counts of each framework.",
    "policy coverage --format csv": "For spreadsheets.",
    "policy coverage --format oscal": "OSCAL component definition, for compliance tools.",
}
COVERAGE = {
    "evidenced": "Plan or command shows everything that the heading requires from the customer.",
    "partly": "Plan or command shows a part, which the text specifies.",
    "not-asked": "Controls contribute to it, but the profile does not include them.",
    "organisational": "A plan cannot show it. The organisation is responsible.",
}


# The spec


def _resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """A node without its reference, and without the branch for null."""
    found = dict(node)
    while "$ref" in found:
        target = root["$defs"][found.pop("$ref").rsplit("/", 1)[-1]]
        found = {**target, **found}
    branches = [each for each in found.get("anyOf", ()) if each.get("type") != "null"]
    if len(branches) == 1 and len(found["anyOf"]) > 1:
        del found["anyOf"]
        return {**_resolved(root, branches[0]), **found, "optional": True}
    return found


def _by_name(inner: Any) -> str:
    """The type of an object whose keys are names."""
    text = isinstance(inner, dict) and inner.get("type") == "string"
    return "texts by name" if text else "sections by name"


def _kind(root: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """The type of a node, in a word or two."""
    if "enum" in node:
        return "one of"
    if node.get("type") == "array":
        inner = _kind(root, _resolved(root, node.get("items", {})))
        return f"list of {inner}s" if inner != "one of" else "list of some of"
    if node.get("type") == "object":
        return (
            _by_name(node["additionalProperties"])
            if "additionalProperties" in node and not node.get("properties")
            else "section"
        )
    return (
        {"string": "text", "integer": "number", "boolean": "true or false"}.get(
            str(node.get("type")), "value"
        )
        if node.get("format") != "date"
        else "date"
    )


def _limits(root: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """What a value must be, beyond its type."""
    if node.get("type") == "array":
        inner = _limits(root, _resolved(root, node.get("items", {})))
        least = "at least one" if node.get("minItems") else ""
        return "; ".join(filter(None, (least, inner)))
    if "enum" in node:
        return codes(node["enum"])
    if "errorMessage" in node:
        return inert(node["errorMessage"])
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None:
        return f"{low:,} to {high:,}" if high is not None else f"{low:,} or more"
    if "exclusiveMinimum" in node:
        return f"more than {node['exclusiveMinimum']:,}"
    pattern = code(node["pattern"]) if "pattern" in node else ""
    return "; ".join(filter(None, (pattern, _length(node))))


def _length(node: Mapping[str, Any]) -> str:
    """How many characters a text may have."""
    least, most = node.get("minLength", 0), node.get("maxLength")
    if most is None:
        return ""
    return f"{least} to {most} characters" if least else f"at most {most} characters"


def _default(node: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    if node.get("default") is None or node["default"] in ([], ""):
        return "its own defaults" if node.get("type") == "object" and "default" not in node else ""
    value = node["default"]
    return code(str(value).lower() if isinstance(value, bool) else value)


def _rows(root: Mapping[str, Any], node: Mapping[str, Any], path: str) -> Iterator[list[str]]:
    """A row for every field below a node."""
    from havre.spec.schema import required

    needed = required(node)
    for name, raw in node.get("properties", {}).items():
        child = _resolved(root, raw)
        here = f"{path}.{name}".lstrip(".")
        yield [
            code(here),
            _kind(root, child),
            _default(child, required=name in needed),
            _limits(root, child),
            inert(child.get("description", "")),
        ]
        yield from _below(root, child, here)


def _below(root: Mapping[str, Any], node: Mapping[str, Any], path: str) -> Iterator[list[str]]:
    """Rows of what stands in a section, in the sections of a mapping or in those of a list."""
    if node.get("type") == "array":
        yield from _rows(root, _resolved(root, node.get("items", {})), f"{path}[]")
    elif isinstance(node.get("additionalProperties"), dict):
        inner = _resolved(root, node["additionalProperties"])
        yield from _rows(root, inner, f"{path}.NAME")
    else:
        yield from _rows(root, node, path)


def spec_page() -> list[str]:
    """Every field of a warehouse file, and the rules between fields."""
    from havre.spec.rules import RULES
    from havre.spec.schema import schema

    root = schema()
    lines = [
        "# The warehouse file",
        "",
        "`havre schema` writes the same as JSON Schema, for editors. `NAME` is a name of your own.",
        "`[]` is each item of a list.",
        "",
    ]
    for name, raw in root["properties"].items():
        node = _resolved(root, raw)
        needed = name in root["required"]
        rows = [
            [code(name), _kind(root, node), _default(node, required=needed), _limits(root, node),
             inert(node.get("description", ""))],
            *_below(root, node, name),
        ]  # fmt: skip
        lines += [*heading(2, name), *table(FIELDS, rows)]
    lines += ["## Rules between fields", "", "`havre validate` also checks these rules:", ""]
    told = [(rule.breaches.__doc__ or "").strip().splitlines()[0] for rule in RULES]
    return [*lines, *(f"- {inert(text)}" for text in told), ""]


# Controls and frameworks


def _remedies(control: Control, providers: Mapping[str, Provider]) -> list[str]:
    from havre.provider import remedy

    rows = [["any", inert(control.remedy)]]
    rows += [
        [name, inert(remedy(provider, control.id))]
        for name, provider in providers.items()
        if remedy(provider, control.id)
    ]
    return table(("provider", "fix"), rows)


def judged(kind: type) -> str:
    """What a control over a kind of facts judges."""
    from havre.facts.model import AboutResource

    return "each resource" if kind is AboutResource else f"each {code(kind.__name__)}"


def _control(
    control: Control, providers: Mapping[str, Provider], frameworks: Frameworks
) -> list[str]:
    over = "the whole plan" if control.over is None else judged(control.over)
    asked = f"from profile {code(control.profile)}"
    asked += ", or if the warehouse file requires it" if control.asked else ""
    facts = [
        f"- Severity {code(control.severity)}. Required {asked}. Evaluates {over}.",
        f"- Cites {inert(', '.join(control.cites))}.",
        f"- Contributes to {inert(', '.join(frameworks.of(control.id)) or 'no heading')}.",
    ]
    if control.cause:
        facts.append(f"- Its findings point at {code('.'.join(control.cause))}.")
    text = [f"**{inert(control.title)}**", ""]
    text += [inert(control.rationale), ""] if control.rationale else []
    return [
        *heading(3, control.id),
        *text,
        *facts,
        "",
        *_remedies(control, providers),
    ]


def _own_controls() -> list[Control]:
    import havre_policies

    return list(havre_policies.controls())


def _frameworks() -> Frameworks:
    import havre_policies
    from havre.documents.installed import shipped_files
    from havre.policy.frameworks import FILE, Frameworks, load_frameworks

    files = shipped_files(havre_policies.data, FILE)
    return Frameworks(tuple(each for path in files for each in load_frameworks(path).items))


def controls_page() -> list[str]:
    """Every control, by family."""
    from havre.policy import Profile

    controls, frameworks, providers = _own_controls(), _frameworks(), _providers()
    families = dict.fromkeys(control.family for control in controls)
    lines = [
        "# Controls",
        "",
        "A control passes if its title is true. `havre policy show CONTROL` shows the same on a",
        "terminal. Each profile includes the controls of the profiles before it:",
        "",
        *(
            f"- {code(profile)}: {sum(profile.includes(c.profile) for c in controls)} controls"
            for profile in Profile
        ),
        "",
    ]
    for family in families:
        lines += heading(2, family, f"family-{family}")
        for control in controls:
            if control.family == family:
                lines += _control(control, providers, frameworks)
    return lines


def _linked(control: str) -> str:
    return f"[{code(control)}](controls.md#{anchor(control)})"


def _framework(framework: Framework) -> list[str]:
    from havre.report.findings.words import COVERAGES

    version = ", ".join(filter(None, (framework.version, framework.date)))
    about = f"It applies to: {inert(framework.binds)}"
    lines = [*heading(2, framework.title, f"framework-{framework.key}")]
    lines += [
        f"Cited as {code(framework.key)}{f', version {inert(version)}' if version else ''}.",
        about,
        "",
        *_text_of(framework),
    ]
    rows = []
    for found in framework.headings:
        commands = (code(f"havre {command}") for command in found.commands)
        shown = [", ".join([*map(_linked, found.controls), *commands]), inert(found.part)]
        name = inert(framework.identifier(found))
        title = f"{found.title} ({found.level})" if found.level else found.title
        word = COVERAGES[found.coverage] if found.id else ""
        rows.append([name, inert(title), word, *shown])
    head = ("heading", "title", "coverage", "what contributes", "to which part")
    return [*lines, *table(head, rows)]


def _text_of(framework: Framework) -> list[str]:
    """Which text of it was read, and under which licence; how reports show it."""
    text, lines = framework.text, []
    if text:
        lines.append(f"- Text: {inert(text.source)}. Read on {text.read_on}.")
        lines.append(f"- Licence: {inert(text.licence)}")
        lines += [f"- Attribution: {inert(text.attribution)}"] if text.attribution else []
    if framework.on_request:
        option = code(f"--framework {framework.key}")
        lines.append(f"- Reports count its requirements. They list them with {option}.")
    return [*lines, ""] if lines else []


def frameworks_page() -> list[str]:
    """Every heading of every framework, and what the controls contribute to it."""
    from havre.policy.frameworks import Coverage
    from havre.report.findings.words import COVERAGES

    lines = [
        "# Frameworks",
        "",
        "Controls *contribute to* a heading, and commands write evidence for it. No deployment",
        "fulfils one by itself. The table also states what they do not show.",
        "",
        *table(
            ("coverage", "meaning", "in JSON and in files of frameworks"),
            ([COVERAGES[each], inert(COVERAGE[each.value]), code(each)] for each in Coverage),
        ),
    ]
    for framework in _frameworks().items:
        lines += _framework(framework)
    return lines


def _official_lists() -> list[str]:
    """Who keeps the official list of each scheme, and where."""
    from havre.policy.schemes import load_schemes

    schemes = load_schemes(ROOT / "policies" / "havre_policies" / "schemes.yaml")
    return [
        f"- {inert(each.name or each.id)}: {inert(each.keeper)}, <{each.official}>"
        for each in schemes
        if each.official
    ]


def certificates_page() -> list[str]:
    """The dated records of certificates."""
    from havre.policy.qualifications import load_qualifications

    shipped = (
        "policies/havre_*/qualifications.yaml",
        "providers/*/havre_*/data/qualifications.yaml",
    )
    files = [path for pattern in shipped for path in sorted(ROOT.glob(pattern))]
    records = [record for file in files for record in load_qualifications(file).records]
    lines = [
        "# Records of certificates",
        "",
        "What public sources stated on the date they were read. A record is not a certificate.",
        "Confirm it with the issuer before you rely on it. A record that was read more than a year",
        "ago, or whose certificate has ended, is reported as stale.",
        "",
        "Sources are named as they were recorded. No web address was recorded for press articles:",
        "search for the name and the date. The official lists are published on these sites:",
        "",
        *_official_lists(),
        "",
    ]
    for offer in dict.fromkeys(record.offer for record in records):
        rows = []
        for record in (each for each in records if each.offer == offer):
            limits = [*record.regions, *sorted(record.countries), *record.plans]
            limits += [f"not {plan}" for plan in record.plans_out]
            limits += [f"the setting {record.setting}"] if record.setting else []
            limits += [] if record.products_read else ["products that were not read"]
            rows.append([
                inert(record.product), code(record.scheme), code(record.status),
                inert(", ".join(limits) or "none"), inert(record.source),
                record.read_on.isoformat(), inert(record.note),
            ])  # fmt: skip
        head = ("product", "scheme", "status", "only for", "source", "read on", "note")
        lines += [*heading(2, offer), *table(head, rows)]
    return lines


# Providers


def _providers() -> dict[str, Provider]:
    """Providers of this repository; what else is installed is not in its documentation."""
    from havre.provider import ENTRY_POINT_GROUP, find

    files = sorted((ROOT / "providers").glob("*/pyproject.toml"))
    groups = [tomllib.loads(f.read_text())["project"].get("entry-points", {}) for f in files]
    return {name: find(name) for group in groups for name in group.get(ENTRY_POINT_GROUP, {})}


def _texts(name: str) -> Mapping[str, Gap]:
    """The gaps that a provider may declare, with words of a spec still in braces."""
    from importlib import import_module

    from havre.capabilities.declarations import declared

    module = import_module(f"havre_{name}")
    return declared(Path(str(module.__file__)).parent / "data" / "gaps.toml").texts


def _sites(provider: Provider) -> list[str]:
    rows = [
        [code(name), inert(site.country or "not known"), str(site.zones),
         inert("; ".join(f"{service} {region}" for service, region in site.regions.items())),
         inert("; ".join(site.restrictions))]
        for name, site in provider.sites.items()
    ]  # fmt: skip
    if not rows:
        return ["Every site name is this machine.", ""]
    return table(("site", "country", "availability zones", "regions", "restrictions"), rows)


def _gap(gap: Gap) -> list[str]:
    evidence = f"{gap.evidence.source} (read on {gap.evidence.read_on})"
    return [
        code(gap.capability),
        code(gap.support),
        inert(gap.reason),
        inert(gap.fallback),
        inert(gap.risk),
        _linked(gap.control),
        codes(gap.fields),
        inert(evidence),
    ]


def _provider(name: str, provider: Provider) -> list[str]:
    from havre.provider import LIMITS, provides

    operator = provider.operator
    laws = ", ".join(operator.laws) or "none recorded"
    head = (
        *("capability", "support", "reason", "compensating measure", "residual risk", "control"),
        *("no effect", "source"),
    )
    limits = [
        [code(key), f"{limit.value:,} {limit.unit}", inert(limit.evidence.source),
         limit.evidence.read_on.isoformat()]
        for key, limit in provides(provider, LIMITS).or_else({}).items()
    ]  # fmt: skip
    return [
        *heading(2, name),
        f"Operator: {inert(operator.entity)}. Laws that can compel it: {inert(laws)}.",
        "",
        *heading(3, "Sites", f"{name}-sites"),
        *_sites(provider),
        *heading(3, "Gaps", f"{name}-gaps"),
        "The warehouse file and settings determine which apply, and supply the words in braces.",
        "",
        *table(head, map(_gap, _texts(name).values())),
        *heading(3, "Limits", f"{name}-limits"),
        *table(("limit", "at most", "source", "read on"), limits),
    ]


def providers_page() -> list[str]:
    """What each provider can do, and its gaps."""
    from havre.capabilities import NATIVE_WHEN, Capability

    providers = _providers()
    due = [[code(capability), inert(NATIVE_WHEN[capability])] for capability in Capability]
    rows = []
    for capability in Capability:
        answers = (each.capabilities.get(capability) for each in providers.values())
        rows.append([code(capability), *(a.support.value if a else "unknown" for a in answers)])
    lines = [
        "# Capabilities and gaps",
        "",
        "A capability is `native` (an argument provides it), `partial`, `fallback` (another",
        "measure replaces it), `absent` or `unknown`. A gap states the effect on a warehouse.",
        "",
        *table(("capability", *providers), rows),
        *heading(2, "When native is due"),
        "A provider that meets only part of the sentence is `partial`.",
        "",
        *table(("capability", "native when"), due),
    ]
    for name, provider in providers.items():
        lines += _provider(name, provider)
    return lines


def settings_page() -> list[str]:
    """What a stack on each provider says beyond the spec."""
    lines = [
        "# Settings of the providers",
        "",
        "Set them with `--set NAME=VALUE`, or under `warehouse:settings` in a Pulumi stack file.",
        "No setting is a secret, because credentials come from the environment of the run.",
        "",
    ]
    for name, provider in _providers().items():
        root = provider.settings.model_json_schema()
        rows = list(_rows(root, root, ""))
        lines += [*heading(2, name), *table(FIELDS, rows)]
    return lines


# The command line


@dataclass(frozen=True)
class _Parameter:
    """An argument or option of a command, as its function declares it."""

    name: str
    kind: Any
    info: Any
    default: Any

    @property
    def choices(self) -> list[str]:
        """Words that it takes, where it takes only some."""
        kinds = [k for k in (self.kind, *get_args(self.kind)) if isinstance(k, EnumType)]
        return [str(each.value) for kind in kinds for each in list[Any](kind)]

    @property
    def names(self) -> str:
        """How it is given."""
        if isinstance(self.info, ArgumentInfo):
            return code(self.info.metavar or self.name.upper())
        first = (self.info.default,) if isinstance(self.info.default, str) else ()
        given = (*first, *(self.info.param_decls or ()))
        return codes(given or (f"--{self.name.replace('_', '-')}",))

    @property
    def value(self) -> str:
        """What an option takes; nothing where it is only there or not."""
        if isinstance(self.info, ArgumentInfo) or self.kind is bool:
            return ""
        return codes(self.choices) or code(self.info.metavar)

    @property
    def shown(self) -> str:
        """Its default."""
        if self.default is inspect.Parameter.empty:
            return "required"
        return "" if self.default in (None, False, "") else code(self.default)

    @property
    def text(self) -> str:
        """What it does."""
        variable = f" Or {code(self.info.envvar)} in the environment." if self.info.envvar else ""
        return f"{inert(self.info.help or '')}{variable}"


def _parameters(function: Callable[..., Any]) -> Iterator[_Parameter]:
    hints = get_type_hints(function, include_extras=True)
    for name, found in inspect.signature(function).parameters.items():
        bare, info = get_args(hints[name])[:2]
        kinds = [each for each in get_args(bare) if each is not type(None)]
        kind = kinds[0] if isinstance(bare, UnionType) and len(kinds) == 1 else bare
        yield _Parameter(name, kind, info, found.default)


def _command(name: str, function: Callable[..., Any]) -> list[str]:
    text, *examples = (function.__doc__ or "").split("Example: ")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    shown = [each for each in _parameters(function) if not getattr(each.info, "hidden", False)]
    rows = [[each.names, each.value, each.shown, each.text] for each in shown]
    lines = heading(2, f"havre {name}")
    for paragraph in paragraphs:
        lines += [inert(paragraph), ""]
    lines += fence("\n".join(" ".join(each.split()) for each in examples)) if examples else []
    head = ("argument or option", "value", "default", "what it does")
    return [*lines, *(table(head, rows) if rows else [])]


def _walk(app: typer.Typer, path: Sequence[str] = ()) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command, with its name."""
    for command in app.registered_commands:
        if command.callback:
            yield " ".join((*path, command.name or command.callback.__name__)), command.callback
    for group in app.registered_groups:
        if group.typer_instance:
            yield from _walk(group.typer_instance, (*path, str(group.name)))


def commands_page() -> list[str]:
    """Every command with its arguments and options."""
    from havre.cli.app import app

    lines = ["# Commands", "", "`havre COMMAND --help` shows the same.", ""]
    for name, function in _walk(app):
        lines += _command(name, function)
    return lines


def outputs_page() -> list[str]:
    """Exit codes and formats."""
    from havre.cli.planning.plan import PlanFormat
    from havre.errors import ExitCode
    from havre.report.comparison import ComparisonFormat
    from havre.report.findings import Format
    from havre.report.mapping import MappingFormat

    codes_ = [[str(each.value), inert(EXIT_CODES[each.name])] for each in ExitCode]
    codes_.append(["130", "Stopped from the keyboard, or the answer to a question was no."])
    others = ["check --coverage-csv", *(f"plan --format {each}" for each in PlanFormat)]
    others += [f"compare --format {each}" for each in ComparisonFormat]
    others += [f"policy coverage --format {each}" for each in MappingFormat]
    return [
        "# Exit codes and formats",
        "",
        "## Exit codes",
        "",
        *table(("code", "meaning"), codes_),
        "## Formats of `havre check`",
        "",
        "`--format FORMAT` goes to the terminal, `--format FORMAT=FILE` to a file; it may be",
        "given several times. The same result gives the same bytes.",
        "",
        *table(("format", "for"), ([code(f), inert(CHECK_FORMATS[f.value])] for f in Format)),
        "## Other formats",
        "",
        *table(("option", "what it shows"), ([code(o), inert(OTHER_FORMATS[o])] for o in others)),
        "`--json`, where a command has it, writes JSON to standard output; progress and errors go",
        "to standard error.",
    ]


def _data(provider: str, name: str) -> dict[str, Any]:
    """A file of a provider's data; empty where it has none."""
    path = files(f"havre_{provider}") / "data" / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _decided(row: Mapping[str, Any], reasons: Mapping[str, str]) -> Iterator[list[str]]:
    yield [codes(row["read"]), "read", ""]
    for reason, names in row.get("harmless", {}).items():
        yield [codes(names), "harmless", inert(reasons[reason])]
    for path, each in row.get("open", {}).items():
        shown = (
            f" Reported as not evaluated, unless {codes(map(str, each['safe']))}."
            if each.get("safe")
            else ""
        )
        shown = " Reported as not evaluated if set." if each.get("safe") == [] else shown
        shown += " Also if absent." if each.get("needed") else ""
        yield [code(path), "not evaluated", inert(each["why"]) + shown]


def _roles(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    for row in rows:
        on = codes(row["on"]) or "no store" if "on" in row else "everything in its scope"
        yield [inert(row["name"]), codes(row["rights"]) or "none", on, inert(row.get("note", ""))]


def properties_page() -> list[str]:
    """What becomes of every property of the types that facts know."""
    lines = [
        "# Properties and roles that facts read",
        "",
        "For each type of resource, a check reads a property, ignores it as harmless for a reason,",
        "or does not evaluate it. The first level is complete. A test compares it with the SDK.",
        "Nested properties that are not evaluated are listed with their path.",
    ]
    for name in sorted(_providers()):
        told, roles = _data(name, "properties.toml"), _data(name, "roles.toml")
        reasons = told.pop("reasons", {})
        for kind, row in told.items():
            head = ("property", "evaluated", "reason")
            lines += ["", *heading(2, kind, f"{name}-{kind}"), ""]
            lines += table(head, _decided(row, reasons))
        if roles:
            lines += ["", *heading(2, f"Built-in roles of {name}"), ""]
            lines += [f"Source: {roles['source']}, read on {roles['read_on']}.", ""]
            lines += table(("role", "permissions", "on", "note"), _roles(roles["role"]))
    return lines


def toy_page() -> list[str]:
    """The toy provider, whole."""
    return [
        "# A toy provider, whole",
        "",
        "It makes records of what it was asked, and passes the conformance suite. In the",
        "repository it is `tests/contract/toy_provider.py`.",
        "",
        *fence(TOY.read_text(encoding="utf-8"), "{.python}"),
    ]


DOINGS = {
    "nothing": "No resource changes. The control or the gap that reads the field may.",
    "kept as it is": "Nothing is sent. What is deployed keeps the value it was made with.",
    "in place": "Changed without interruption of the stored data.",
    "new": "Made beside what is deployed.",
    "no longer protected": "The protection against deletion is taken off.",
    "no longer managed": "It leaves the state and stays at the provider.",
    "removed": "Removed; no data is stored in it.",
    "replaced": "Removed and made again; no data is stored in it.",
    "reported, not made": "The run ends without an error and the change is not made.",
    "fails during the update": "The preview passes. The provider's API then rejects the change.",
    "refused": "Pulumi stops in the preview, because a protected resource would be lost.",
    "refused before the plan": "Havre stops before the preview, with a message.",
}
CHANGES = ROOT / "tests" / "changes" / "recorded"


def _done(row: Mapping[str, Any]) -> str:
    """What a change does, resource type by resource type."""
    if "message" in row:
        return inert(row["message"])
    told = row["resources"]
    stops = ("refused", "reported, not made", "fails during the update")
    shown = {doing: told[doing] for doing in stops if doing in told} or told
    return "; ".join(
        f"{doing}: "
        + ", ".join(f"{n} {code(kind.rpartition(':')[2])}" for kind, n in kinds.items())
        for doing, kinds in shown.items()
    )


def _instead(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """By type, what must not be done, and the way; each said once."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for each in row.get("grave", ()):
            if each["way"]:
                key = (each["type"].rpartition(":")[2], each["way"])
                found.setdefault(key, set()).add(row["path"])
    for (kind, way), fields in sorted(found.items()):
        yield [code(kind), codes(sorted(fields)), inert(way)]


def changes_page(provider: str) -> list[str]:
    """What each change of a deployed warehouse does on one provider."""
    from havre.provider import REPLACING, find, provides

    rows = json.loads((CHANGES / f"{provider}.json").read_text(encoding="utf-8"))["changes"]
    given = provides(find(provider), REPLACING).given
    told = given() if given else None
    head = ("from", "to", "effect", "resources")
    lines = [
        f"# Changes of a deployed warehouse: {provider}",
        "",
        "What happens when one value changes and the stack is updated. It is computed from two",
        "offline plans of one warehouse (three zones, two projects, database, cluster, registry).",
        "For your own file, run `havre plan FILE --provider P --against STATE` with the output of",
        "`pulumi stack export`. It exits with 1 if data or an identity would be lost.",
        "",
    ]
    if told and told.read_on:
        lines += [f"Source: {inert(told.source)}, read on {told.read_on}.", ""]
    lines += table(("effect", "meaning"), ([inert(k), inert(v)] for k, v in DOINGS.items()))
    for setting, title in ((False, "Fields of the warehouse file"), (True, "Settings")):
        lines += [*heading(2, title), ""]
        chosen = [row for row in rows if row["setting"] is setting]
        cells = (
            [code(r["path"]), inert(r["from"]), inert(r["to"]), inert(r["effect"]), _done(r)]
            for r in chosen
        )
        lines += table(("field" if not setting else "setting", *head), cells)
    return [
        *lines,
        *heading(2, "What to do instead"),
        "",
        *table(("type", "changed by", "instead"), _instead(rows)),
    ]


CHANGED = ("azure", "local", "ovh", "scaleway")
"""Providers whose recorded changes have a page."""
PAGES: Mapping[str, Callable[[], list[str]]] = {
    "spec.md": spec_page,
    "controls.md": controls_page,
    "frameworks.md": frameworks_page,
    "certificates.md": certificates_page,
    "providers.md": providers_page,
    "properties.md": properties_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "outputs.md": outputs_page,
    "toy-provider.md": toy_page,
    **{f"changes-{name}.md": partial(changes_page, name) for name in CHANGED},
}


def pages() -> dict[str, str]:
    """Every page of the reference, by the name of its file."""
    return {
        name: "\n".join([NOTE, "", *page()]).rstrip("\n") + "\n" for name, page in PAGES.items()
    }


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
