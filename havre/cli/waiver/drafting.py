"""`havre waiver draft`: entries for the findings of a check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from havre.cli import check as options
from havre.cli import console
from havre.cli import context as ctx


def draft(
    file: options.OptionalFile = None,
    *,
    provider: options.OptionalProvider = None,
    preview: options.PreviewOption = None,
    state: options.StateOption = None,
    profile: options.ProfileOption = None,
    waivers: options.WaiversOption = None,
    as_of: options.AsOfOption = None,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
    data_dir: ctx.DataDirOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write waivers to fill in, for the findings that none covers.

    Owner, reason and decision are for the risk owner to fill in. Until then, the draft is not
    valid. The check that finds them takes the same options as `havre check`.

    Example: havre waiver draft warehouse.yaml --provider local --output draft.yaml

    Example: havre waiver draft warehouse.yaml --provider local

    Example: havre waiver draft --state state.json --output draft.yaml
    """
    from havre.assess.assessment import assess
    from havre.files.outputs import refuse_inputs
    from havre.policy.drafts import draft as drafted
    from havre.policy.drafts import to_draft
    from havre.policy.profiles import terms_of
    from havre.policy.waivers import beside
    from havre.report.findings.words import fixed_in

    if output is not None and not force:
        console.refuse_existing(output)
    it = options.taken_for(
        *(file, provider, preview or state, waivers, stack_config, data_dir), "waiver draft"
    )
    found_waivers = waivers or (beside(it.file) if it.file else None)
    read = (it.file, it.stack_config, preview, state, found_waivers, *ctx.read_in(data_dir))
    refuse_inputs([("--output", output)], read)
    about, day = ((preview, state), (setting, data_dir), waivers, profile), options.parse_day(as_of)
    with console.working("Checking the warehouse"):
        asked = options.request_of(it, *about, day=day, known=options.known_controls(None))
        result = assess(asked).result
    found = to_draft(result)
    if not found:
        console.err().print("No findings to waive: nothing was written.")
        return
    longest = terms_of(result.profile).waiver_days
    text = drafted(result, longest, fixed_in, asked.subject.file)
    if output is None:
        typer.echo(text, nl=False)
        return
    console.write_file(output, text, force=force)
    _tell(output, text)


def _tell(output: Path, text: str) -> None:
    """Say how many entries were drafted, and what is next."""
    number = sum(line.startswith("  - control:") for line in text.splitlines())
    typer.echo(
        f"{console.plain(output)}: {number} drafted. Fill in owner, reason and decision, then: "
        f"havre waiver validate {console.plain(output)}"
    )
