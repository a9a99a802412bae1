"""Resources of a warehouse's resource groups in Azure, held against its state.

Azure's resource manager lists the resources of a group that have a place (Azure Resource Manager,
REST API, Resources - List By Resource Group, 2021-04-01). It lists no parts of them, and nothing
that is set on them: the answer names those.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from havre.errors import InputError, ProviderError
from havre.facts import outside_of
from havre.live.credentials import SecretReference
from havre.plan.values import bare
from havre.provider.operations import Deviating, Deviation, Examination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core import PipelineClient

    from havre.plan import Plan, PlannedResource

TOKEN = SecretReference("HAVRE_AZURE_MANAGEMENT_TOKEN")
"""`az account get-access-token --resource https://management.azure.com/`"""
MANAGER = "https://management.azure.com"
VERSION = "2021-04-01"
GROUP = re.compile(r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[\w.()-]{1,90}", re.IGNORECASE)
PAGES = 200
"""Pages of a list that are read at most; one has up to 1000 resources."""
TRIES, WAIT, ANSWER = 3, 10, 60
"""How often a request is repeated, and seconds to connect and for an answer."""
BY_HAND = "Compare `az resource list --resource-group GROUP` with the state."
UNSET = f"resources: {TOKEN} is not set. {BY_HAND}"
OTHERS = (
    "parts of resources (containers, keys, subnets, databases), role assignments, locks, "
    "diagnostic settings and the nodes of a cluster: look in the Azure portal (documentation: "
    "Operate on Azure)"
)
GIVEN = (
    "resources: the resource group is part of an existing estate, and may contain resources of "
    f"others. {BY_HAND}"
)
IMPORT = (
    "If a failed run left it, import it before the next one: `pulumi import TYPE NAME ID`. Azure "
    "itself may also have made it for another resource."
)
AGAIN = "Run `pulumi refresh`, then `pulumi up`: it makes it again."


def examine(plan: Plan) -> Examination:
    """List the resources of every resource group of the state, and compare them with it.

    Args:
        plan: what the state amounts to.

    Raises:
        InputError: the state names no resource group of Azure, or the token is refused.
        ProviderError: Azure refused, or answered what cannot be read.
    """
    if not TOKEN.known():
        return Examination({}, (), (UNSET,))
    if of_estate(plan):
        return Examination({}, (), (GIVEN,))
    groups = [*_groups(plan)]
    known = {resource.id.lower(): resource for resource in plan.resources if resource.id}
    client = _client(TOKEN.read())
    there = {id_.lower(): kind for group in groups for id_, kind in _listed(client, group)}
    made_along = tuple(f"{id_}.nic." for id_ in _endpoints(known))
    outside = sorted(i for i in there if i not in known and not i.startswith(made_along))
    gone = sorted(i for i, r in known.items() if _placed(r) and i not in there)
    departed = [Deviating(Deviation.OUTSIDE, there[i], i, IMPORT) for i in outside]
    departed += [Deviating(Deviation.GONE, known[i].type, known[i].name, AGAIN) for i in gone]
    return Examination({"resource": len(there)}, tuple(departed), (OTHERS,))


def of_estate(plan: Plan) -> bool:
    """Whether the resource group is one that the warehouse is given: others have theirs in it."""
    return any("/providers/" not in name and "/" in name for name in outside_of(plan))


def _groups(plan: Plan) -> Iterator[str]:
    """Identifiers of the resource groups of the state.

    Raises:
        InputError: there is none, or one that is none of Azure's.
    """
    found = [r.id for r in plan.resources if r.type == "azure-native:resources:ResourceGroup"]
    if not found or not all(map(GROUP.fullmatch, found)):
        message = "the state has no resource group with an identifier of Azure"
        raise InputError(message, "Export the state of a stack that is deployed on Azure.")
    yield from found


def _placed(resource: PlannedResource) -> bool:
    """Whether a resource is one that a list of its group has: those with a place of their own."""
    parts = resource.id.lower().partition("/providers/")[2].split("/")
    return len(parts) == len(("namespace", "type", "name")) and "location" in bare(resource.inputs)


def _endpoints(known: dict[str, PlannedResource]) -> Iterator[str]:
    """What Azure calls the network interfaces of private endpoints, up to their last part."""
    for id_, resource in known.items():
        if resource.type == "azure-native:network:PrivateEndpoint":
            yield id_.replace("/privateendpoints/", "/networkinterfaces/")


def _client(token: str) -> PipelineClient[Any, Any]:
    """A client of Azure's resource manager, which follows no redirection."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import HeadersPolicy, RetryPolicy

    headers = HeadersPolicy({"Authorization": f"Bearer {token}", "Accept": "application/json"})
    retry = RetryPolicy(retry_total=TRIES, retry_backoff_factor=0.5)
    return PipelineClient(MANAGER, policies=[headers, retry])


def _listed(client: PipelineClient[Any, Any], group: str) -> Iterator[tuple[str, str]]:
    """Identifier and type of each resource of a group.

    Raises:
        InputError: the token is refused.
        ProviderError: Azure refused, or answered what cannot be read.
    """
    url = f"{MANAGER}{group}/resources?api-version={VERSION}"
    for _ in range(PAGES):
        page = _page(client, url, group)
        yield from ((str(each["id"]), str(each["type"])) for each in page["value"])
        url = page.get("nextLink") or ""
        if not url:
            return
        if urlsplit(url)[:2] != urlsplit(MANAGER)[:2]:
            message = f"{group}: the list goes on at another address, which gets no token"
            raise ProviderError(message, BY_HAND)
    message = f"{group}: the list has more than {PAGES} pages"
    raise ProviderError(message, BY_HAND)


def _page(client: PipelineClient[Any, Any], url: str, group: str) -> dict[str, Any]:
    """One page of a list.

    Raises:
        InputError: the token is refused.
        ProviderError: Azure refused, or answered what cannot be read.
    """
    from azure.core.exceptions import AzureError
    from azure.core.rest import HttpRequest

    try:
        request = HttpRequest("GET", url)
        answer = client.send_request(request, connection_timeout=WAIT, read_timeout=ANSWER)
        status = answer.status_code
        found = answer.json() if status == OK else {}
    except (AzureError, ValueError) as error:
        message = f"{group}: listing resources failed ({type(error).__name__})"
        raise ProviderError(message, f"Run it again later. {BY_HAND}") from error
    if status in REFUSED:
        message = f"{group}: Azure refused the token of {TOKEN} (status {status})"
        remedy = "Get a new token, of an identity with the role Reader on the resource group."
        raise InputError(message, remedy)
    if not _is_list(found):
        message = f"{group}: Azure answered no list of resources (status {status})"
        raise ProviderError(message, f"Run it again later. {BY_HAND}")
    return found


def _is_list(found: Any) -> bool:
    """Whether an answer is a page of a list of resources."""
    rows = found.get("value") if isinstance(found, dict) else None
    return isinstance(rows, list) and all(
        isinstance(row, dict) and {"id", "type"} <= row.keys() for row in rows
    )


OK, REFUSED = 200, (401, 403)
