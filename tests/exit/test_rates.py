"""Workers share the rates of an exit, in whatever process, and every store keeps to them."""

import pickle
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from havre.capabilities import Support, Supported
from havre.errors import InputError
from havre.exit import sides
from havre.exit.sides import OpenedTarget, OpenedZone, RateShare, this_process
from havre.live.limits import Limits
from havre.live.wrappers import Retried, Wrapped, retrying
from tests.exit.memory import EVERYTHING, LIMITS

ELSEWHERE = ("another machine", 1)


def test_workers_share_a_rate_and_threads_of_the_coordinator_have_it_whole() -> None:
    shared = RateShare(100, 1000, 4, ELSEWHERE)
    calls, size = shared.paces("source")
    assert (calls.cap, size and size.cap) == (25, 250)
    assert shared.paces("source") == (calls, size)
    assert pickle.loads(pickle.dumps(shared)).paces("source") == (calls, size)  # noqa: S301
    assert shared.paces("target")[0] is not calls
    whole, _ = replace(shared, here=this_process()).paces("source")
    assert whole.cap == 100
    free, none = RateShare(workers=4, here=ELSEWHERE).paces("source")
    assert (free.cap, none) == (float("inf"), None)


@dataclass(frozen=True)
class Counted:
    """A store as providers give it."""

    client: Retried
    abilities: Any = field(default_factory=lambda: EVERYTHING)
    limits: Limits = LIMITS


def counted() -> Counted:
    return Counted(retrying(Wrapped(lambda *_, **__: {"Body": b"x" * 7}, lambda _: None)))


class Reached:
    """A warehouse whose zones are all alike."""

    @property
    def live(self) -> "Reached":
        return self

    def store(self, _: str) -> Counted:
        return counted()

    def cipher(self, _: str) -> None:
        return None


@dataclass
class WithReader(Reached):
    answer: Any

    def reader(self, _: str) -> Any:
        return self.answer


@pytest.mark.parametrize("reader", [counted(), Supported(Support.ABSENT, "there is none")])
def test_every_store_of_a_zone_keeps_to_the_rates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reader: object
) -> None:
    (tmp_path / "exit.yaml").write_text(
        "name: e\nsource: {data_dir: a}\ntarget: {data_dir: b}\ncontroller: c\nhost: h\n"
    )
    monkeypatch.setattr(sides, "_reached", lambda *_: WithReader(reader))
    rates = RateShare(1e9, 1e9, 2, ELSEWHERE)
    zone = OpenedZone(tmp_path, "curated", "curated", rates)
    both = zone()
    back: Any = OpenedTarget(zone)()
    for side, store in (("source", both.source), ("target", both.target), ("target", back)):
        calls, size = rates.paces(side)
        assert size is not None
        before = calls._taken, size._taken
        store.client.ask("read_object", Key="a")  # type: ignore[attr-defined]
        assert (calls._taken, size._taken) == (before[0] + 1, before[1] + 1)


def test_what_the_command_line_names_is_what_counts(tmp_path: Path) -> None:
    from havre.cli.leaving.pressing import CopyEngine, at
    from havre.exit.folder import ExitFolder
    from havre.exit.settings import ExitFile

    said = {"data_dir": "a"}
    file = ExitFile.model_validate(
        {"name": "e", "source": said, "target": said, "controller": "c", "host": "h"}
        | {"rates": {"requests": 300, "bytes": 5, "workers": 3}}
    )
    folder = ExitFolder(tmp_path, file, None)  # type: ignore[arg-type]
    rates = at(folder, 20, None, CopyEngine.DASK, "tls://there:8786").file.rates
    expected = {"requests": 20, "bytes": 5, "workers": 3, "scheduler": "tls://there:8786"}
    assert rates.model_dump(exclude={"egress"}) == expected
    with pytest.raises(InputError, match="no scheduler"):
        at(folder, None, None, CopyEngine.DASK, "")
    with pytest.raises(InputError, match="is for --engine dask"):
        at(folder, None, None, CopyEngine.PROCESSES, "tls://there:8786")
