"""OSCAL 1.1 component definition: what Havre's evidence contributes to, for tools of audit.

Only requirements with evidence are in it: OSCAL has no word for one that is not visible in a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre import __version__, text
from havre.report.findings.answers import cited
from havre.report.findings.oscal import VERSION, identified, properties, token
from havre.report.findings.words import COVERAGES
from havre.report.mapping.answers import NO_RESULT

if TYPE_CHECKING:
    from havre.policy.frameworks import Requirement
    from havre.report.mapping.answers import FrameworkMapping, Mapped


def render(mapped: Mapped) -> str:
    """The mapping as an OSCAL document of a component definition."""
    return text.as_json({"component-definition": _document(mapped)})


def _document(mapped: Mapped) -> dict[str, Any]:
    listed = [each for each in mapped.items if each.listed]
    implementations = [_implementation(each) for each in listed if _shown(each)]
    component: dict[str, Any] = {
        "uuid": identified("component", "havre"),
        "type": "software",
        "title": "Havre",
        "description": f"Controls and commands of Havre {__version__}. {NO_RESULT}",
    }
    if implementations:
        component["control-implementations"] = implementations
    return {
        "uuid": identified("mapping", mapped.day.isoformat(), implementations),
        "metadata": {
            "title": "Coverage of frameworks",
            "last-modified": f"{mapped.day.isoformat()}T00:00:00+00:00",
            "version": __version__,
            "oscal-version": VERSION,
        },
        "components": [component],
        "back-matter": {"resources": [_resource(each) for each in listed]},
    }


def _shown(each: FrameworkMapping) -> list[Requirement]:
    return [item for item in each.requirements if item.shown and item.id]


def _reference(each: FrameworkMapping) -> str:
    return identified("framework", each.framework.key, each.framework.version)


def _resource(each: FrameworkMapping) -> dict[str, Any]:
    """The text of a framework; its catalogue is not written as OSCAL."""
    told = "; ".join(f"{label}: {words}" for label, words in each.texts)
    title = text.plain(each.name)
    return {"uuid": _reference(each), "title": title, "description": text.plain(told)}


def _implementation(each: FrameworkMapping) -> dict[str, Any]:
    return {
        "uuid": identified("implementation", each.framework.key, each.framework.version),
        "source": f"#{_reference(each)}",
        "description": text.plain(f"{each.framework.key}: {each.totals}"),
        "implemented-requirements": [_requirement(item) for item in _shown(each)],
    }


def _requirement(item: Requirement) -> dict[str, Any]:
    by = (*item.controls, *(f"havre {command}" for command in item.commands))
    return {
        "uuid": identified("requirement", cited(item)),
        "control-id": token(cited(item)),
        "description": text.plain(item.part),
        "props": properties(
            requirement=cited(item),
            coverage=COVERAGES[item.coverage.value],
            evidence=", ".join(by),
            level=item.level,
        ),
    }
