"""How what exists on OVHcloud is recognised, and under which identifier it is imported."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped
from havre.provider.context import context
from havre.provider.conventions import Adopting
from havre_ovh.capabilities import DATA
from havre_ovh.conventions.kinds import TAGS
from havre_ovh.conventions.table import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider import Provider
    from havre.provider.conventions import Nameable
    from havre.spec import Warehouse
    from havre_ovh.settings import OvhSettings

HOLDERS = frozenset({"serviceName", "regionName"})
"""Inputs that only say in which project, and in which region, a resource is."""


class _Forms(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read_on: dt.date
    forms: dict[str, str]


def adopting(provider: Provider) -> Adopting:
    """How what exists on OVHcloud is recognised."""

    def nameable(spec: Warehouse, settings: BaseModel) -> Mapping[str, Nameable]:
        return table(context(provider, spec, cast("OvhSettings", settings)))

    forms = read_shipped(DATA / "importing.toml", _Forms).forms
    return Adopting(str, nameable, HOLDERS, TAGS, forms)
