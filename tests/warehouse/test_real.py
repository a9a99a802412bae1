"""A real exit from end to end; each step is tried before it is taken, which changes nothing."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.exit.seal.contents import Level
from havre.exit.seal.reading import read_seal
from havre.exit.seal.verifying import Trust, hand_out
from havre.live.writing.policies import EVERYBODY
from havre_local.machine.access import open_project, open_warehouse
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example
from tests.warehouse.everything import differing, folder_of, warehouse_of
from tests.warehouse.objects import get, put
from tests.warehouse.organisation import Organisation, organisation

PROJECT, ROLE = "bed-occupancy", "project_bed_occupancy"
NAME = "chu-trial"
TABLE = """
CREATE TABLE curated.visit (id int PRIMARY KEY, ward text);
INSERT INTO curated.visit SELECT i, 'ward ' || i % 7 FROM generate_series(1, 500) i
"""
CHEATED = {"TagSet": [{"Key": "cheated", "Value": "yes"}]}
DECISION = """decisions:
  - property: modified
    who: Director of research
    why: The times of writing stay in the journal of the exit.
    when: 2026-11-29
"""


@pytest.fixture
def target() -> Iterator[Site]:
    made = Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital"))
    yield made
    supervisor.stop(made.folder)
    shutil.rmtree(made.root)


@pytest.fixture
def signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with organisation(tmp_path) as found:
        yield found


@dataclass
class Leaving:
    """An exit of level `real` between two warehouses."""

    folder: Path
    sites: list[Site]
    capsys: pytest.CaptureFixture[str]

    def run(self, step: str, *words: str) -> int:
        """The exit code of a step; what it says is read by `said`."""
        self.capsys.readouterr()
        return main(["exit", step, str(self.folder), *words])

    def said(self) -> str:
        return self.capsys.readouterr().err

    def told(self, step: str, *words: str) -> tuple[int, Any]:
        """The exit code of a step, and what it says as JSON."""
        code = self.run(step, "--json", *words)
        captured = self.capsys.readouterr()
        assert captured.out, captured.err
        return code, json.loads(captured.out)

    def tried(self, step: str, *words: str) -> tuple[int, Any]:
        """As `told`, only tried: nothing is asked, and nothing at all is changed."""
        before = self.everything()
        found = self.told(step, "--dry-run", *words)
        assert differing(before, self.everything()) == []
        assert found[1]["dry_run"] is True
        assert self.run(step, "--dry-run", *words) == found[0]
        assert "Nothing was changed." in self.capsys.readouterr().out
        return found

    def everything(self) -> list[dict[str, Any]]:
        return [folder_of(self.folder), *map(warehouse_of, self.sites)]


def begun(site: Site, target: Site) -> Path:
    folder = site.root / "exit"
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    text = text.replace("../target", str(target.data_dir)).replace(
        "level: rehearsal", "level: real"
    )
    file.write_text(text.replace("decisions: []\n", DECISION))
    return folder


@pytest.mark.long
def test_a_warehouse_leaves_for_good(
    site: Site, target: Site, signing: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [site.up(), target.up()] == [0, 0]
    put(site, "curated", "visits/1.csv", b"id\n1\n")
    put(site, "curated", "visits/1.csv", b"id\n2\n")
    put(site, "landing")
    with open_warehouse(site.data_dir).connect(autocommit=True) as connection:
        connection.execute(TABLE)
    leaving = Leaving(begun(site, target), [site, target], capsys)
    frozen(leaving, site)
    sealed(leaving, signing)
    cut(leaving, site, signing)
    scheduled = retired(leaving, signing)
    gone(leaving, scheduled, signing)
    assert get(target, "curated", "visits/1.csv") == b"id\n2\n"


def frozen(leaving: Leaving, site: Site) -> None:
    """The freeze is foreseen role by role; then exactly these lose what was foreseen."""
    code, early = leaving.tried("freeze")
    assert (code, len(early["blocked"])) == (ExitCode.FINDINGS, 1)
    assert "`copy` has not run. Run `havre exit copy" in early["blocked"][0]
    assert [leaving.run("plan"), leaving.run("copy")] == [0, 0]
    with open_project(site.data_dir, PROJECT).connect(autocommit=True) as session:
        code, foreseen = leaving.tried("freeze")
        assert (code, foreseen["blocked"], foreseen["questions"]) == (0, [], [])
        assert session.execute("SELECT 1").fetchone() == (1,)
        things = {each["thing"]: each for each in foreseen["things"]}
        roles = things["database chu_trial"]["moving"]
        assert roles[ROLE] == "the role loses LOGIN; 1 session is ended"
        curated = things["zone curated"]["moving"]
        assert [*curated] == [EVERYBODY]  # the project only reads
        assert "every change denied" in curated[EVERYBODY]
        assert leaving.told("thaw", "--dry-run")[1]["blocked"] == ["nothing is frozen"]
        code, done = leaving.told("freeze")
        assert code == 0
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    taken = {each["thing"]: {*each["taken"]} for each in done["things"]}
    assert taken["database chu_trial"] == {*roles}
    code, again = leaving.tried("freeze")
    assert (code, again["changed"]) == (0, [])
    assert all(not each["moving"] for each in again["things"])
    code, back = leaving.tried("thaw")
    given = {each["thing"]: {*each["moving"]} for each in back["things"]}
    assert (code, given["database chu_trial"], given["zone curated"]) == (0, {*roles}, {EVERYBODY})


def sealed(leaving: Leaving, signing: Organisation) -> None:
    """A real exit is verified, and sealed by whom the command line names, and nobody else."""
    assert leaving.run("seal", *signing.signing) == ExitCode.ENGINE
    assert [leaving.run("copy"), leaving.run("verify")] == [0, 0]
    assert leaving.run("seal") == ExitCode.INPUT
    code, made = leaving.told("seal", *signing.signing)
    assert (code, made["time"] is not None) == (0, True)
    assert "CN=Seal of a hospital" in made["signer"]
    trust = Trust(signing.signer.authority, signing.clock_authority)
    found = read_seal(Path(made["seal"]), trust)
    assert (found.level, found.why, found.proves_exit) == (Level.REAL, "", True)


def cut(leaving: Leaving, site: Site, signing: Organisation) -> None:
    """The cut is foreseen with its roles and its question, and is not undone."""
    code, blind = leaving.tried("cut")
    assert code == ExitCode.FINDINGS
    assert "--authority" in blind["blocked"][0]
    code, foreseen = leaving.tried("cut", *signing.trusting)
    assert (code, foreseen["blocked"]) == (0, [])
    assert NAME in foreseen["questions"][0]
    store = open_warehouse(site.data_dir)
    named = {"Bucket": store.bucket("curated"), "Key": "visits/1.csv"}
    store.client().put_object_tagging(**named, Tagging=CHEATED)
    code, changed = leaving.tried("cut", *signing.trusting)
    assert (code, len(changed["blocked"])) == (ExitCode.FINDINGS, 1)
    assert changed["blocked"][0].startswith("changed in the freeze: zone curated: visits/1.csv")
    store.client().delete_object_tagging(**named)
    assert leaving.run("cut", *signing.trusting, "--confirm", "another") == ExitCode.ENGINE
    assert leaving.run("cut", "--confirm", NAME) == ExitCode.INPUT
    code, done = leaving.told("cut", *signing.trusting, "--confirm", NAME)
    assert code == 0
    assert sorted(done["roles"]) == sorted(foreseen["roles"])
    assert ROLE in done["roles"]
    code, thaw = leaving.tried("thaw")
    assert (code, "the cut was begun" in thaw["blocked"][0]) == (1, True)


def retired(leaving: Leaving, signing: Organisation) -> Any:
    """The end is foreseen with its days and its commands; who signs a real one is named."""
    assert leaving.run("retire", "--gone", "--dry-run") == ExitCode.ENGINE
    code, unsigned = leaving.tried("retire")
    assert (code, len(unsigned["blocked"])) == (1, 1)
    assert "--key" in unsigned["blocked"][0]
    code, foreseen = leaving.tried("retire", *signing.signing)
    assert (code, foreseen["blocked"], foreseen["seal"]) == (0, [], "")
    assert NAME in foreseen["questions"][0]
    assert {name: url[:14] for name, url in foreseen["urls"].items()} == dict.fromkeys(
        ("landing", "curated"), "valid until 20"
    )
    assert leaving.run("retire", "--confirm", NAME) == ExitCode.INPUT
    words = (*signing.signing, *signing.hosting, "--confirm", NAME)
    code, scheduled = leaving.told("retire", *words)
    assert code == 0
    for name in ("things", "commands", "left"):
        assert foreseen[name] == scheduled[name]
    ways = [[each["thing"], each["way"], each["outcome"]] for each in scheduled["tries"]]
    assert [[each["thing"], each["way"], each["outcome"]] for each in foreseen["tries"]] == ways
    return scheduled


def gone(leaving: Leaving, scheduled: Any, signing: Organisation) -> None:
    """All is tried before and after the source is destroyed; the last seal is a real one."""
    code, early = leaving.tried("retire", "--gone", *signing.signing)
    assert code == ExitCode.FINDINGS
    assert "zone curated: answers" in early["blocked"][0]
    assert main(scheduled["commands"][0].split()[1:]) == 0
    del leaving.sites[0]
    words = [
        {"scope": each["thing"], "who": "A clerk", "why": "Looked.", "when": "2026-11-29"}
        for each in scheduled["things"]
    ]
    file = leaving.folder / "exit.yaml"
    plain = file.read_text()
    assert leaving.tried("retire", "--gone", *signing.signing)[0] == ExitCode.FINDINGS
    file.write_text(plain + f"gone_by_hand: {json.dumps(words)}\n")
    code, foreseen = leaving.tried("retire", "--gone", *signing.signing)
    assert (code, foreseen["blocked"]) == (0, [])
    assert {each["outcome"] for each in foreseen["tries"]} == {"gone"}
    confirmed = (*signing.signing, *signing.hosting, "--confirm", NAME)
    code, done = leaving.told("retire", "--gone", *confirmed)
    assert (code, done["left"]) == (0, "")
    seal, script = Path(done["seal"]), leaving.folder / "verify.sh"
    hand_out(script)
    authorities = (signing.signer.authority, signing.clock_authority)
    checked = subprocess.run(
        ["sh", script, seal, *authorities], capture_output=True, text=True, check=True
    )
    assert "VERIFIED" in checked.stdout
    assert read_seal(seal, Trust(*authorities)).proves_exit
    told = (seal / "data" / "certificate.txt").read_text()
    assert "disparu" in told
    assert seal.with_name(f"{seal.name}.host.p7s").is_file()
    assert leaving.told("status")[1]["next"] is None
