"""A warehouse for synthetic patients, from its file to a researcher's answer, on this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.exceptions
import duckdb
import psycopg

import synthetic
from havre.text import COLUMNS, wrapped
from havre_local.machine.access import Project, open_project, open_warehouse
from load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
FILE = "examples/emc2/warehouse.yaml"
DATA = Path(os.environ.get("HAVRE_DEMO_DIR", "demo-data"))
REHEARSAL = Path(os.environ.get("HAVRE_DEMO_REHEARSAL", "demo-rehearsal"))
LEFT, KEPT = "azure", "scaleway"
LAST_DAY, DAY_AFTER = "2026-12-21", "2026-12-22"
HEAD, SHORT = 10, 4
"""Lines of a check that are shown, whole or partial."""
PAGE = "comparison.html"
PROJECT = "cohort-diabetes"
HAVRE = str(Path(sys.executable).parent / "havre")

QUESTION = f"""
SELECT gender_concept_id AS sex, count(DISTINCT person_id) AS patients,
       round(avg(value_as_number)::numeric, 2) AS mean_hba1c
FROM {{measurement}} JOIN {{person}} USING (person_id)
WHERE measurement_concept_id = {synthetic.HBA1C} AND person_id IN (
  SELECT person_id FROM {{condition_occurrence}} WHERE condition_concept_id = {synthetic.DIABETES})
GROUP BY 1 ORDER BY 1"""


def say(text: str = "") -> None:
    """Print a line of the story."""
    print(text, flush=True)


def step(number: int, title: str) -> None:
    """Begin a step of the story."""
    say(f"\n{number}. {title}")


def havre(*words: str, code: int = 0) -> list[str]:
    """Run a command as a user would; print it and return the lines of its answer.

    Ends the demonstration where the command ends with another exit code.
    """
    say(f"   $ havre {' '.join(words)}")
    done = subprocess.run([HAVRE, *words], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != code:
        sys.exit(done.stdout + done.stderr)
    return done.stdout.splitlines()


def show(lines: Iterable[str]) -> None:
    """Print lines of an answer."""
    for line in lines:
        say(f"     {line}")


def in_postgresql(project: Project) -> list[tuple]:
    """The question, asked in SQL over TLS."""
    tables = {name: f"curated.{name}" for name in synthetic.SCHEMAS}
    with project.connect() as connection:
        return connection.execute(QUESTION.format(**tables)).fetchall()


def in_duckdb(project: Project) -> list[tuple]:
    """The same question, asked of the encrypted Parquet in the object store."""
    connection = duckdb.connect()
    for name in synthetic.SCHEMAS:
        connection.register(name, project.dataset("curated", f"omop/{name}").to_table())
    question = QUESTION.format(**{name: name for name in synthetic.SCHEMAS})
    return connection.sql(question.replace("::numeric", "")).fetchall()


def refused(what: str, attempt: Callable[[], object], *expected: type[Exception]) -> None:
    """Try what must not be possible; end the demonstration if it is."""
    try:
        attempt()
    except expected as error:
        say(f"   refused: {what}")
        reason = " ".join(str(error).strip().splitlines()[0].split())
        say("\n".join(wrapped(reason, COLUMNS, " " * 12)))
        return
    sys.exit(f"error: this was possible and must not be: {what}")


def plain_text(project: Project) -> None:
    """Connect without encryption."""
    settings = project.settings.environment
    psycopg.connect(
        host="127.0.0.1",
        port=settings["PGPORT"],
        dbname=settings["PGDATABASE"],
        user=settings["PGUSER"],
        passfile=settings["PGPASSFILE"],
        sslmode="disable",
    )


def query(project: Project, sql: str) -> None:
    """Run a statement as the project."""
    with project.connect() as connection:
        connection.execute(sql)


def refusals(project: Project, data_dir: Path) -> None:
    """Show what the project cannot do, by trying it."""
    s3, admin = project.client(), open_warehouse(data_dir)
    curated, research = admin.bucket("curated"), admin.bucket("research")
    client_error = botocore.exceptions.ClientError
    key = "omop/person/part-0.parquet"
    version = admin.client().head_object(Bucket=curated, Key=key)["VersionId"]
    refused(
        "a connection to PostgreSQL in plain text",
        lambda: plain_text(project),
        psycopg.OperationalError,
    )
    refused(
        "reading another zone's tables",
        lambda: query(project, "SELECT * FROM research.secret"),
        psycopg.Error,
    )
    refused(
        "changing the tables it reads",
        lambda: query(project, "DELETE FROM curated.person"),
        psycopg.Error,
    )
    refused(
        "listing another zone's objects", lambda: s3.list_objects_v2(Bucket=research), client_error
    )
    refused(
        "writing to the zone it reads",
        lambda: s3.put_object(Bucket=curated, Key="mine", Body=b""),
        client_error,
    )
    refused(
        "deleting a locked version, even for the administrator",
        lambda: admin.client().delete_object(Bucket=curated, Key=key, VersionId=version),
        client_error,
    )


def side_by_side() -> None:
    """Write the page that compares providers, and say where it is."""
    hosts = [
        word for name in ("azure", "ovh", "scaleway", "local") for word in ("--provider", name)
    ]
    havre("compare", FILE, *hosts, "--format", "html", "--output", PAGE)
    say(f"     Open {PAGE}: where data would be stored, who could be compelled to disclose it,")
    say("     and what each provider cannot do.")


def rehearsal() -> Path:
    """Rehearse leaving one cloud for the other, as an auditor sees it; return its folder."""
    folder = (ROOT / REHEARSAL).resolve()
    words = ("exit", "rehearse", FILE, "--from", LEFT, "--to", KEPT, "--data-dir", str(REHEARSAL))
    lines = havre(*words)
    end = lines.index("Not proved:")
    show(lines[:end])
    authority = folder / "exit" / "authorities" / "ca.pem"
    command = ["sh", "verify.sh", "exit/seal", str(authority), str(authority)]
    say("   $ sh verify.sh exit/seal ca.pem ca.pem")
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    wanted = ("Exit-From", "Exit-To", "Exit-Level", "VERIFIED")
    show(line for line in done.stdout.splitlines() if line.startswith(wanted))
    return folder


def day_after(folder: Path) -> None:
    """Show what the end of the waiver changes, and that the next provider needs none."""
    authority = str(REHEARSAL / "exit" / "authorities" / "ca.pem")
    seal = ("--seal", str(REHEARSAL / "exit" / "seal"), "--seal-authority", authority)
    evidence = (*seal, "--seal-tsa-authority", authority)
    if not (folder / "exit" / "seal").is_dir():
        sys.exit(f"error: there is no seal in {folder}")
    for day, code in ((LAST_DAY, 0), (DAY_AFTER, 1)):
        shown = havre("check", FILE, "--provider", LEFT, "--as-of", day, code=code)
        show(shown[:HEAD])
    say("   The seal proves that the exit was rehearsed, and no more than that:")
    rehearsed = ("--profile", "sovereign", "--only", "exit.rehearsed")
    show(havre("check", FILE, "--provider", LEFT, *rehearsed, *evidence)[:HEAD])
    say(f"   On {KEPT.capitalize()}, the operator's control passes without a waiver:")
    only = ("--only", "jurisdiction.operator")
    after = ("--provider", KEPT, "--as-of", DAY_AFTER)
    show(havre("check", FILE, *after, *only)[:SHORT])
    say("   The other controls need work there: the waivers of the first host do not count.")
    show(havre("check", FILE, *after, code=1)[:SHORT])
    say("   Once the warehouse is there, its file names the next exit.")


def leave() -> None:
    """The second half of the story: other hosts, the way there, and why it is needed."""
    step(8, "Compare the same file on three clouds and this machine, without an account.")
    side_by_side()

    step(9, "Rehearse the exit: one cloud for the other, on this machine, with a seal.")
    say("   It takes one to three minutes.")
    folder = rehearsal()

    step(10, "The day after the waiver's last day, the check fails. The next host needs none.")
    day_after(folder)


def main() -> None:
    """Tell the story; leave the warehouse running."""
    began = time.monotonic()
    data_dir = (ROOT / DATA).resolve()
    where = ("--data-dir", str(DATA))
    say("Havre: a research data warehouse for synthetic patients, on this machine")

    step(1, "One file states the requirements, in provider-neutral terms.")
    show(havre("validate", FILE))

    step(2, "The plan shows every resource, and what this machine cannot do.")
    lines = havre("plan", FILE, "--provider", "local")
    show(line for line in lines if "resources on" in line or " gaps (" in line)

    step(3, "Deploy it: a database, zones, keys, and one identity per project.")
    built = havre("up", FILE, "--provider", "local", *where, "--yes")
    show(line for line in built if " change" in line)
    show(havre("status", *where))

    step(4, "Load synthetic patients: encrypted Parquet, and the same tables in PostgreSQL.")
    for name, rows in load(data_dir).items():
        say(f"     {name:22} {rows:>9,} rows")

    step(5, f"A researcher of `{PROJECT}` asks: how well is diabetes controlled?")
    say(f"   $ havre connect {PROJECT} {' '.join(where)}")
    project = open_project(data_dir, PROJECT)
    answers = in_postgresql(project), in_duckdb(project)
    for place, answer in zip(("PostgreSQL over TLS", "DuckDB over S3"), answers, strict=True):
        say(f"   {place}:")
        for sex, patients, mean in answer:
            say(f"     sex {sex}: {patients} patients, mean HbA1c {float(mean):.2f} %")
    if [tuple(map(float, row)) for row in answers[0]] != [tuple(map(float, r)) for r in answers[1]]:
        sys.exit("error: the two stores disagree")

    step(6, "Everything else is refused.")
    refusals(project, data_dir)

    step(7, "Every access is logged. A backup is written and verified by reading it back.")
    reads = sum(
        project.settings.account in line and " s3_GetObject " in line
        for line in (data_dir / "logs" / "object-store.log").read_text().splitlines()
    )
    account = project.settings.account
    say(f"     {reads} reads of objects by {account} in logs/object-store.log")
    show(havre("logs", "verify", *where))
    show(havre("backup", *where))

    leave()

    say(f"\nDone in {time.monotonic() - began:.0f} s. The warehouse is still running. To continue:")
    say("     source .venv/bin/activate")
    say(f'     eval "$(havre connect {PROJECT} --data-dir {DATA} --export)"; psql')
    say(f"     havre status --data-dir {DATA}")
    say(f"   To stop it and keep the data:  havre down --data-dir {DATA}")
    say(f"   The evidence of the exit:      {REHEARSAL / 'exit' / 'seal'}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
