"""The controls as a policy pack: the same judgement inside `pulumi preview` and `pulumi up`.

A pack is a server of Pulumi's analyzer protocol, which the SDK ships. This one speaks it itself:
`pulumi-policy` hands each policy its own copy of the plan, with secrets in clear and outputs in
place of inputs, where the controls need one plan, its inputs and its secrets marked.
"""

from havre import startup


def main() -> None:
    """Serve until the engine ends the process (see `havre.pack.server`)."""
    startup.command()
    from havre.pack.server import serve_engine

    serve_engine()
