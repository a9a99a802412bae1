"""`havre doctor` on OVHcloud: buckets of the warehouse's name, on a stand-in that lists them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.plan.values import shown
from havre.provider.dynamic import PROVIDER_KEY
from havre_ovh.examining import STORAGE
from tests.ovh.stack import emc2

OWNER = "<Owner><ID>owner</ID></Owner>"
GRANT = (
    '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:type="CanonicalUser"><ID>owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>'
)
DELIVERY = "".join(
    '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
    "<URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee>"
    f"<Permission>{right}</Permission></Grant>"
    for right in ("WRITE", "READ_ACP")
)


class Store(BaseHTTPRequestHandler):
    """Answers what is asked of the buckets that it is said to have."""

    buckets: ClassVar[dict[str, tuple[str, str]]] = {}
    """Target and prefix of the access logs of each bucket."""
    guards: ClassVar[dict[str, tuple[int, str]]] = {}
    """Days of the lock of each bucket, and where it is copied to."""
    refuses = False

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        name = path.strip("/")
        if type(self).refuses:
            self.answer("<Error><Code>AccessDenied</Code></Error>", 403)
        elif not name:
            listed = "".join(f"<Bucket><Name>{each}</Name></Bucket>" for each in self.buckets)
            result = f"<Buckets>{listed}</Buckets>"
            self.answer(f"<ListAllMyBucketsResult>{OWNER}{result}</ListAllMyBucketsResult>")
        elif name not in self.buckets:
            self.answer("<Error><Code>NoSuchBucket</Code></Error>", 404)
        elif query.startswith("logging"):
            target, prefix = self.buckets[name]
            inner = (
                f"<LoggingEnabled><TargetBucket>{target}</TargetBucket>"
                f"<TargetPrefix>{prefix}</TargetPrefix></LoggingEnabled>"
            )
            self.answer(f"<BucketLoggingStatus>{inner}</BucketLoggingStatus>")
        elif query.startswith(("object-lock", "replication")):
            self.guard(query, *self.guards.get(name, (0, "")))
        else:
            grants = GRANT + (DELIVERY if "access-logs" in name else "")
            listed = f"<AccessControlList>{grants}</AccessControlList>"
            self.answer(f"<AccessControlPolicy>{OWNER}{listed}</AccessControlPolicy>")

    def guard(self, query: str, days: int, copies: str) -> None:
        if query.startswith("object-lock") and days:
            rule = f"<Mode>COMPLIANCE</Mode><Days>{days}</Days>"
            rule = f"<Rule><DefaultRetention>{rule}</DefaultRetention></Rule>"
            found = f"<ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}"
            self.answer(f"<ObjectLockConfiguration>{found}</ObjectLockConfiguration>")
        elif query.startswith("object-lock"):
            self.answer("<Error><Code>ObjectLockConfigurationNotFoundError</Code></Error>", 404)
        elif copies:
            rule = f"<Destination><Bucket>arn:aws:s3:::{copies}</Bucket></Destination>"
            rule = f"<Rule><Status>Enabled</Status>{rule}</Rule>"
            self.answer(f"<ReplicationConfiguration>{rule}</ReplicationConfiguration>")
        else:
            self.answer("<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>", 404)

    def answer(self, body: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Store]]:
    handler = type("Answers", (Store,), {"buckets": {}, "guards": {}, "refuses": False})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "admin")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def state(tmp_path: Path, store: type[Store]) -> Path:
    """The state of a stack that is up, whose buckets the stand-in has."""
    resources = []
    for each in emc2().resources:
        inputs = {k: v for k, v in each.inputs.items() if k != PROVIDER_KEY}
        resources.append(
            {
                "urn": each.urn,
                "type": each.type,
                "custom": each.custom,
                "id": "x" if each.custom else "",
                "inputs": json.loads(json.dumps(shown(inputs))),
                "outputs": {"found": True} if "dynamic/havre-ovh" in each.type else {},
                "parent": each.parent,
            }
        )
        if each.type == STORAGE:
            store.buckets.setdefault(str(each.inputs["name"]), ("", ""))
        if each.type.endswith(":BucketLogging"):
            logs = (str(each.inputs["target"]), str(each.inputs["prefix"]))
            store.buckets[str(each.inputs["bucket"])] = logs
        if each.type.endswith(":AccessList"):
            guards = (int(each.inputs["lock_days"]), str(each.inputs["copies_to"]))
            store.guards[str(each.inputs["bucket"])] = guards
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return file


def examined(state: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["doctor", "--state", str(state), "--json"])
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, json.loads(captured.out)


def test_what_is_not_listed_never_passes_unsaid(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = examined(state, capsys)
    assert found["departed"] == []
    assert found["listed"] == {"bucket": len(store.buckets)}
    assert len(found["unlisted"]) == 1
    assert "Control Panel" in found["unlisted"][0]
    assert code == ExitCode.NOT_EVALUATED
    assert main(["doctor", "--state", str(state), "--allow-unknown"]) == ExitCode.OK
    assert "NOT LISTED: networks" in capsys.readouterr().out


@pytest.mark.usefixtures("store")
def test_a_state_that_names_no_endpoint_lists_no_bucket_and_says_so(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(state.read_text())
    kept = [r for r in document["deployment"]["resources"] if "havre-ovh" not in r["type"]]
    document["deployment"]["resources"] = kept
    state.write_text(json.dumps(document))
    code, found = examined(state, capsys)
    assert (code, found["listed"], found["departed"]) == (ExitCode.NOT_EVALUATED, {}, [])
    assert any("buckets: the state has no access list" in each for each in found["unlisted"])
    assert any("Control Panel" in each for each in found["unlisted"])


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("copies", "said"), [(2, "2 warehouses"), (0, "no warehouses")])
def test_a_state_that_is_not_of_one_warehouse_is_refused(
    state: Path, capsys: pytest.CaptureFixture[str], copies: int, said: str
) -> None:
    document = json.loads(state.read_text())
    resources = document["deployment"]["resources"]
    (own,) = [r for r in resources if r["type"].endswith(":ResearchWarehouse")]
    others = [{**own, "urn": f"{own['urn']}{n}"} for n in range(copies)]
    kept = [r for r in resources if r is not own]
    document["deployment"]["resources"] = [*others, *kept]
    state.write_text(json.dumps(document))
    assert main(["doctor", "--state", str(state)]) == ExitCode.INPUT
    assert f"records {said}, not one" in capsys.readouterr().err


def test_a_bucket_of_the_name_outside_the_state_is_found(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    store.buckets |= {"emc2-production-forgotten-1": ("", ""), "another-firms": ("", "")}
    code, found = examined(state, capsys)
    assert code == ExitCode.FINDINGS
    (departed,) = found["departed"]
    assert departed["name"] == "emc2-production-forgotten-1"
    assert departed["how"] == "not in the state"
    assert "pulumi import" in departed["remedy"]


def test_a_bucket_that_is_gone_is_found(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    gone = next(name for name in store.buckets if "research" in name)
    del store.buckets[gone]
    code, found = examined(state, capsys)
    assert code == ExitCode.FINDINGS
    assert (gone, "in the state, and gone") in {
        (each["name"], each["how"]) for each in found["departed"]
    }


def test_access_logs_that_were_ended_are_found(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    name = next(name for name, (target, _) in store.buckets.items() if target)
    store.buckets[name] = ("", "")
    code, found = examined(state, capsys)
    assert code == ExitCode.FINDINGS
    assert {each["how"] for each in found["departed"]} == {"not as the state says"}


@pytest.mark.usefixtures("store")
def test_missing_keys_are_named(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(["doctor", "--state", str(state)]) == ExitCode.INPUT
    assert "AWS_SECRET_ACCESS_KEY" in capsys.readouterr().err


def test_a_refusal_is_told_and_is_no_finding(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    store.refuses = True
    assert main(["doctor", "--state", str(state)]) == ExitCode.ENGINE
    said = capsys.readouterr().err
    assert "AccessDenied" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("lost", [(0, None), (None, "")], ids=["lock", "replication"])
def test_a_lock_or_a_copy_that_was_ended_is_found(
    state: Path, store: type[Store], capsys: pytest.CaptureFixture[str],
    lost: tuple[int | None, str | None],
) -> None:  # fmt: skip
    bucket, (days, copies) = next(each for each in store.guards.items() if all(each[1]))
    store.guards[bucket] = (
        days if lost[0] is None else lost[0],
        copies if lost[1] is None else lost[1],
    )
    code, found = examined(state, capsys)
    assert code == ExitCode.FINDINGS
    (departed,) = found["departed"]
    assert departed["kind"] == "AccessList"
    assert departed["name"].removesuffix("-access-list").split("-")[-1] in bucket
