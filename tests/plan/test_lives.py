"""Every way that a resource's life goes on or ends, as the real CLI wrote it.

Recorded by tests/pulumi_cli/lives/record.py. All begin with a group, an account `curated` and a
vault; what follows is in the name.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan import Plan
from havre.plan.previews import from_preview
from havre.plan.states import from_state

RECORDED = Path(__file__).parent / "recorded"
THREE = {"group", "curated", "vault"}
TWO = {"group", "vault"}
REPLACED = {"curated": "replace"}
DELETED = {"curated": "delete"}


def recorded(name: str) -> Path:
    return RECORDED / f"{name}.json"


def names(plan: Plan) -> list[str]:
    return sorted(r.name for r in plan.resources if r.made)


def ends(plan: Plan) -> dict[str, str]:
    return {r.name: r.operation for r in plan.removed if r.made}


@pytest.mark.parametrize(
    ("name", "stands", "removed", "released"),
    [
        ("create", THREE, {}, {}),
        ("same", THREE, {}, {}),
        ("replace", THREE, REPLACED, {}),
        ("replace-in-steps", THREE, REPLACED, {}),
        ("replace-deleted-first", THREE, REPLACED, {}),
        ("replace-asked", THREE, REPLACED, {}),
        ("replace-tainted", THREE, REPLACED, {}),
        ("diff", THREE, REPLACED, {}),
        ("delete", TWO, DELETED, {}),
        ("delete-with-group", {"vault"}, DELETED | {"group": "delete"}, {}),
        ("group-left", TWO, DELETED, {}),
        ("destroy", set(), dict.fromkeys(THREE, "delete"), {}),
        ("delete-retained", TWO, {}, DELETED),
        ("replace-retained", THREE, {}, REPLACED),
        ("replace-retained-in-steps", THREE, {}, REPLACED),
        ("read", THREE, {}, {}),
        ("read-same", THREE, {}, {}),
        ("read-discarded", TWO, {}, {}),
        ("read-becomes-managed", THREE, {}, {}),
        ("managed-becomes-read", THREE, REPLACED, {}),
        ("import", THREE, {}, {}),
        ("import-replacement", THREE, REPLACED, {}),
        ("import-replacement-in-steps", THREE, REPLACED, {}),
        ("refresh", THREE, {}, {}),
        ("refresh-alone", THREE, {}, {}),
        ("refresh-gone", THREE, {}, {}),
        ("refresh-gone-forgotten", TWO, {}, {}),
        ("refresh-gone-alone", TWO, {}, {}),
        ("renamed", TWO | {"fresh"}, {}, {}),
        ("pending-replacement", THREE, REPLACED, {}),
        ("pending-replacement-given-up", set(), dict.fromkeys(TWO, "delete"), {}),
    ],
)
def test_what_stands_what_goes_and_what_is_only_left(
    name: str, stands: set[str], removed: dict[str, str], released: dict[str, str]
) -> None:
    plan = from_preview(recorded(name))
    assert names(plan) == sorted(stands)
    assert ends(plan) == removed
    assert {r.name: r.operation for r in plan.released} == released


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("same-left-out", "leaves out 3 resources that do not change"),
        ("replace-left-out", "leaves out 2 resources that do not change"),
        ("replace-in-steps-left-out", "leaves out 2 resources that do not change"),
        ("delete-left-out", "leaves out 2 resources that do not change"),
        ("target", "is of a part: 2 resources were left out"),
        ("target-vault", "is of a part: 2 resources were left out"),
        ("target-new", "is of a part: 2 resources were left out"),
        ("exclude", "is of a part: 1 resources were left out"),
        ("delete-protected", "is of a preview that failed"),
        ("events", "is an event log, not a preview"),
        ("state", "is a state, not a preview: give it with --state"),
    ],
)
def test_a_part_is_not_the_whole(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_preview(recorded(name))


def test_what_leaves_resources_out_is_told_how_to_bring_them() -> None:
    with pytest.raises(InputError) as raised:
        from_preview(recorded("same-left-out"))
    assert "pulumi preview --json --show-sames" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "stands", "removed"),
    [
        ("state", THREE, {}),
        ("state-read", {"group", "curated"}, {}),
        ("state-retained", {"group", "curated"}, {}),
        ("state-tainted", THREE, REPLACED),
        ("state-init-failed", {"group", "curated"}, {}),
    ],
)
def test_flags_of_a_state(name: str, stands: set[str], removed: dict[str, str]) -> None:
    plan = from_state(recorded(name))
    assert names(plan) == sorted(stands)
    assert ends(plan) == removed


def test_taint_and_a_failed_start_are_said() -> None:
    assert from_state(recorded("state-tainted")).warnings == (
        "curated is tainted: the next update replaces it",
    )
    assert from_state(recorded("state-init-failed")).warnings == (
        "curated was made and did not start: it did not start",
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("state-pending-replacement", "deleted to be replaced, and not made again: curated"),
        ("state-interrupted", "operations are pending on curated"),
        ("same", "is a preview, not a state: give it with --preview"),
    ],
)
def test_a_state_in_the_midst_of_a_change_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_state(recorded(name))


def test_a_pending_operation_names_the_command_that_clears_it() -> None:
    with pytest.raises(InputError) as raised:
        from_state(recorded("state-interrupted"))
    assert "pulumi refresh --clear-pending-creates --yes" in " ".join(str(raised.value).split())


def edited(tmp_path: Path, name: str, **changes: Any) -> Path:
    """A recorded file with some of its members changed."""
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(json.loads(recorded(name).read_text()) | changes))
    return path


@pytest.mark.parametrize("version", [0, 2, 5, 99, "3", None, True, 3.5])
def test_a_state_of_another_version_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(InputError, match=r"of version .* of Pulumi's state format"):
        from_state(edited(tmp_path, "state", version=version))


def test_a_state_that_needs_what_is_not_known_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, "state-tainted", features=["taint", "snippets-prototype"])
    with pytest.raises(InputError, match="needs what is not known here: snippets-prototype"):
        from_state(path)


def test_a_resource_still_to_be_deleted_goes_and_does_not_stand(tmp_path: Path) -> None:
    document = json.loads(recorded("state").read_text())
    standing = document["deployment"]["resources"]
    old = next(r for r in standing if r["urn"].endswith("::curated"))
    standing.insert(0, {**old, "delete": True, "id": "former"})
    path = tmp_path / "state.json"
    path.write_text(json.dumps(document))
    plan = from_state(path)
    assert names(plan) == sorted(THREE)
    assert [(r.name, r.id, r.operation) for r in plan.removed] == [("curated", "former", "delete")]


@pytest.mark.parametrize("flag", ["custom", "protect", "retainOnDelete", "external"])
@pytest.mark.parametrize("value", ["true", "false", 1, 0, [], "yes"])
def test_a_flag_that_is_no_truth_value_is_refused(tmp_path: Path, flag: str, value: Any) -> None:
    document = json.loads(recorded("state").read_text())
    document["deployment"]["resources"][-1][flag] = value
    path = tmp_path / "state.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=f"`{flag}` is .*, not true or false"):
        from_state(path)


def test_a_preview_of_a_corrupt_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of a state that Pulumi calls corrupt"):
        from_preview(edited(tmp_path, "same", maybeCorrupt=True))
