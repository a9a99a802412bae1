"""The setting by which a stack says that the API of its cluster can be reached."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

KubernetesContext = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9@_.:/-]*$", max_length=253)
]
"""Name of a context of a kubeconfig."""
CONTEXT = (
    "Context of the kubeconfig with which `pulumi up` reaches the API of this cluster. Havre then "
    "creates the namespaces, network policies and quotas of the projects. Set it after the first "
    "deployment, if the API answers where `pulumi up` runs. `KUBECONFIG` names the file."
)
"""What the setting does, for its description."""
