"""The published form of a line of an access record, as JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from havre.audit.accesses import UNREADABLE, AccessOutcome, Act

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:havre:access:1"
DIGEST = "^[0-9a-f]{64}$"
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, "type": ["string", "null"], **more}


def _members() -> dict[str, dict[str, Any]]:
    acts = [*(each.value for each in Act), UNREADABLE]
    return {
        "n": {"description": "number of the line", "type": "integer", "minimum": 1},
        "time": _text("when, UTC", pattern=TIME),
        "who": _text("identity that proved itself, as the log names it"),
        "project": _text("project for which the identity acts"),
        "member": _text("pseudonymous identifier of the member; null where a project has one"),
        "claimed": _text("identity that was named and not proved"),
        "what": {"description": f"what was done; `{UNREADABLE}`: see `reason`", "enum": acts},
        "action": _text("the service's own word for it"),
        "zone": _text("zone; null where it is of none, or not known"),
        "on": {
            "description": "objects or tables",
            "type": "array",
            "items": {"type": "string"},
        },
        "from": _text("from where"),
        "outcome": {
            "description": "how it ended",
            "enum": [each.value for each in AccessOutcome],
        },
        "source": {"description": "log from which the line is", "type": "string"},
        "place": {"description": "file of the log, and line in it", "type": "string"},
        "line": {
            "description": "SHA-256 of that line, without its newline",
            "type": "string",
            "pattern": DIGEST,
        },
        "reason": _text("why the line of the log cannot be read"),
        "previous": {
            "description": "SHA-256 of the line before in this record, without its newline; "
            "of the first: zeros",
            "type": "string",
            "pattern": DIGEST,
        },
    }


def schema_text() -> str:
    """The JSON Schema (2020-12) of a line as the text of its file."""
    members = _members()
    root = {
        "$schema": DIALECT,
        "$id": IDENTIFIER,
        "title": "a line of an access record",
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"
