"""Which cluster a context of the kubeconfig reaches, read as clients of Kubernetes read it.

Nothing but the address of the server is read: credentials stay in the file. Source: Kubernetes
documentation, organizing cluster access using kubeconfig files (merging); read on 2026-11-30.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from havre.documents.records import read_document
from havre.errors import InputError
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = "KUBECONFIG"
SETTING = "kubernetes_context"
USUAL = Path(".kube") / "config"
"""The file in the home folder where the environment names none."""
FETCH = (
    f"Fetch credentials of the cluster, name their file in {VARIABLE}, and run the update again."
)


def refuse_another(context: str, endpoint: str | None, environment: Mapping[str, str]) -> None:
    """Refuse a context that does not reach this cluster, or does not verify that it does.

    Args:
        context: name of the context.
        endpoint: where the API of the cluster answers, as its provider says.
        environment: of the run, for the name of the file.

    Raises:
        InputError: no file has the context, or it reaches another server.
    """
    cluster = _cluster(context, environment)
    wanted, found = _host(endpoint or ""), _verified(context, cluster)
    if not wanted:
        message = "the provider did not return the address of the cluster's API"
        raise InputError(message, f"Run the update again, or remove `{SETTING}`.")
    if found != wanted:
        message = f"context `{inert(context)}` reaches {inert(found)}, not this cluster ({wanted})"
        remedy = f"Set `{SETTING}` to a context of this cluster. {FETCH}"
        raise InputError(message, remedy)


def _cluster(context: str, environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The cluster of a context; of several files, the first that names something decides."""
    files = [*_files(environment)]
    contexts, clusters = (_named(files, key) for key in ("contexts", "clusters"))
    if context not in contexts:
        message = f"no kubeconfig has a context `{inert(context)}` (setting `{SETTING}`)"
        known = ", ".join(inert(each) for each in sorted(contexts)) or "none"
        raise InputError(message, f"Known contexts: {known}. {FETCH}")
    name = _mapping(contexts[context].get("context")).get("cluster")
    found = _mapping(clusters.get(str(name), {}).get("cluster"))
    if not found:
        message = f"context `{inert(context)}` of the kubeconfig names no cluster"
        raise InputError(message, FETCH)
    return found


def _files(environment: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """What stands in each file that exists."""
    named = environment.get(VARIABLE, "")
    home = environment.get("HOME", "")
    paths = [Path(each) for each in named.split(os.pathsep) if each] or [Path(home) / USUAL]
    for path in paths:
        if path.is_file():
            yield _mapping(read_document(path, typed=True, remedy=FETCH).data)


def _named(files: list[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for file in files:
        entries = file.get(key)
        for each in entries if isinstance(entries, list) else ():
            found.setdefault(str(_mapping(each).get("name")), _mapping(each))
    return found


def _verified(context: str, cluster: Mapping[str, Any]) -> str:
    """The name that the server proves by its certificate: a tunnel may have another address.

    Raises:
        InputError: it need not prove any.
    """
    server = str(cluster.get("server") or "")
    if cluster.get("insecure-skip-tls-verify") or not server.startswith("https://"):
        message = f"context `{inert(context)}` does not verify the server's certificate"
        raise InputError(message, "Use an HTTPS address, without `insecure-skip-tls-verify`.")
    return _host(str(cluster.get("tls-server-name") or "") or server)


def _host(address: str) -> str:
    """The host of an address, in lower case; empty where there is none."""
    whole = address if "//" in address else f"//{address}"
    try:
        return (urlsplit(whole).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
