"""The context that a stack names reaches this cluster, or nothing is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import InputError
from havre.provider.workloads.kubeconfig import refuse_another

if TYPE_CHECKING:
    from pathlib import Path

HERE = "emc2-1a2b.hcp.example.net"
SECRET = "not-a-real-token"


def config(server: str = f"https://{HERE}:443", context: str = "emc2", **cluster: Any) -> str:
    """A kubeconfig with one context."""
    return json.dumps(
        {
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
            "users": [{"name": "u", "user": {"token": SECRET}}],
        }
    )


def refused(folder: Path, *files: str, endpoint: str | None = HERE) -> str:
    """Why the context `emc2` is refused with these files; empty where it is not."""
    paths = []
    for number, text in enumerate(files):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(text)
    named = ":".join(map(str, [folder / "none.yaml", *paths]))
    try:
        refuse_another("emc2", endpoint, {"KUBECONFIG": named})
    except InputError as error:
        refusal = error
    else:
        return ""
    assert SECRET not in str(refusal)
    assert refusal.remedy
    return refusal.message


@pytest.mark.parametrize("endpoint", [HERE, f"https://{HERE}", f"https://{HERE.upper()}:443/"])
def test_a_context_of_this_cluster_is_taken(tmp_path: Path, endpoint: str) -> None:
    assert refused(tmp_path, config(), endpoint=endpoint) == ""


def test_a_tunnel_is_known_by_the_name_that_the_server_proves(tmp_path: Path) -> None:
    tunnel = "https://127.0.0.1:6443"
    assert refused(tmp_path, config(tunnel, **{"tls-server-name": HERE})) == ""
    assert refused(tmp_path, config(tunnel)) == (
        f"context `emc2` reaches 127.0.0.1, not this cluster ({HERE})"
    )


def test_a_context_of_another_cluster_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, config("https://other.hcp.example.net"))
    assert said == f"context `emc2` reaches other.hcp.example.net, not this cluster ({HERE})"
    posing = config("https://other.example.net", **{"tls-server-name": "x.example.net"})
    assert "reaches x.example.net" in refused(tmp_path, posing)


@pytest.mark.parametrize(
    "text",
    [config(f"http://{HERE}"), config(**{"insecure-skip-tls-verify": True}), config("")],
    ids=["http", "unverified", "none"],
)
def test_a_server_that_proves_nothing_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text) == "context `emc2` does not verify the server's certificate"


def test_the_first_file_that_names_a_context_decides(tmp_path: Path) -> None:
    other = config("https://other.hcp.example.net")
    assert refused(tmp_path, config(), other) == ""
    assert "reaches other.hcp.example.net" in refused(tmp_path, other, config())


def test_a_context_that_no_file_has_is_refused_and_the_others_are_listed(tmp_path: Path) -> None:
    said = "no kubeconfig has a context `emc2` (setting `kubernetes_context`)"
    assert refused(tmp_path) == said
    assert refused(tmp_path, config(context="elsewhere")) == said
    with pytest.raises(InputError, match="Known contexts: elsewhere"):
        refuse_another("emc2", HERE, {"KUBECONFIG": str(tmp_path / "0.yaml")})


def test_the_usual_file_is_read_where_the_environment_names_none(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(config())
    refuse_another("emc2", HERE, {"HOME": str(tmp_path)})
    with pytest.raises(InputError, match="no kubeconfig has a context"):
        refuse_another("emc2", HERE, {"HOME": str(tmp_path / "other")})


@pytest.mark.parametrize("endpoint", [None, "", "https://"])
def test_a_cluster_without_an_address_is_refused(tmp_path: Path, endpoint: str | None) -> None:
    assert "did not return the address" in refused(tmp_path, config(), endpoint=endpoint)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "contexts: 3",
        '{"contexts": [{"name": "emc2"}]}',
        '{"contexts": [3, {"name": "emc2"}]}',
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str) -> None:
    assert "`emc2`" in refused(tmp_path, text)
