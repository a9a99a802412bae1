"""Records what every change would do: `python -m tests.changes.record [PROVIDER [FIELD]]`."""

import json
import sys

from tests.changes.asked import STACKS
from tests.changes.matrix import RECORDED, Standing, recorded


def main(provider: str = "", field: str = "") -> None:
    """Record every change, or only those of a field that begins so, beside what is recorded."""
    for name in [provider] if provider else STACKS:
        standing = Standing(name)
        known = {(row["path"], row["from"], row["to"]): row for row in recorded(name)}
        rows = []
        for case in standing.cases():
            kept = known.get((case.path, case.then, case.now))
            again = kept is None or case.path.startswith(field)
            rows.append(standing.row(case) if again else kept)
        text = json.dumps({"changes": rows}, indent=1, ensure_ascii=False) + "\n"
        (RECORDED / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
