"""Who is told of a rerun: a real command and a real server. What fails is told, and nothing is lost by it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import stat
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from districting.case import Case
from districting.errors import CaseError
from districting.flow.case_tables import RerunSettings, read_rerun, without_webhook
from districting.rerun.notices import SECRET_NAME, Event, announce

REPORT = {"proposals": [{"subdistrict": "文艺路街道", "households_moved": 41}]}


class Receiver:
    """A server that answers as it is told, and keeps what it got."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.said = b"said"
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                code, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0" if code == 204 else str(len(receiver.said)))
                self.end_headers()
                if code != 204:
                    self.wfile.write(receiver.said)

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/told?token=secret"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "case.toml"


def script(folder: Path, body: str) -> tuple[str, ...]:
    """A command of one's own beside the case."""
    path = folder / "tell"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return ("./tell", "第一 arg")


def test_the_command_gets_the_report_and_its_words_unharmed(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "not for the command")
    body = "kept = [json.load(sys.stdin), sys.argv[1:], dict(os.environ)]\njson.dump(kept, open('kept.json', 'w'))"
    settings = RerunSettings(hook=script(tmp_path, body))
    (notice,) = announce(REPORT, event="proposals", case=case, out=tmp_path / "new", settings=settings)
    assert notice.told
    assert notice.sentence("en").startswith("told the command tell")
    document, words, environment = json.loads((tmp_path / "kept.json").read_text())
    assert document["report"] == REPORT
    assert words == ["第一 arg"]
    assert environment["DISTRICTING_EVENT"] == document["event"] == "proposals"
    assert environment["DISTRICTING_OUT"] == document["out"] == str(tmp_path / "new")
    assert SECRET_NAME not in environment


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("print('no network'); sys.exit(3)", "exit code 3; its last words: no network"),
        ("time.sleep(60)", "did not end within 0.5 s"),
    ],
)
def test_a_command_that_fails_or_hangs_is_told_and_raises_nothing(
    case: Path, tmp_path: Path, body: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("districting.rerun.notices.HOOK_S", 20.0 if "exit" in body else 0.5)
    settings = RerunSettings(hook=script(tmp_path, body))
    (notice,) = announce(REPORT, event="proposals", case=case, settings=settings)
    assert not notice.told
    assert words in notice.sentence("en")


def test_a_command_that_is_not_there_says_where_to_mend_it(case: Path) -> None:
    (notice,) = announce(REPORT, event="proposals", case=case, settings=RerunSettings(hook=("./absent",)))
    assert "check rerun.hook in the case file" in notice.sentence("en")


def test_a_post_is_signed_so_that_the_receiver_can_check_it(
    case: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "whsec_" + base64.b64encode(b"key of the city").decode())
    (notice,) = announce(REPORT, event="proposals", case=case, settings=RerunSettings(webhook=receiver.address))
    assert notice.told
    assert "token" not in notice.sentence("en")  # an address may hold a secret of its own
    ((path, headers, body),) = receiver.got
    assert path == "/told?token=secret"
    assert json.loads(body)["report"] == REPORT
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"key of the city", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_a_busy_receiver_is_asked_again_with_the_same_id_and_a_refusal_is_final(
    case: Path, receiver: Receiver
) -> None:
    settings, pauses = RerunSettings(webhook=receiver.address), list[float]()
    receiver.answers = [(503, {}), (429, {})]
    (notice,) = announce(REPORT, event="proposals", case=case, settings=settings, pause=pauses.append)
    assert (notice.told, notice.tries, pauses) == (True, 3, [1.0, 4.0])
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert "webhook-signature" not in receiver.got[0][1]
    receiver.answers = [(403, {})]
    (notice,) = announce(REPORT, event="proposals", case=case, settings=settings, pause=pauses.append)
    assert (notice.told, notice.tries) == (False, 1)
    assert "it answered 403 said" in notice.sentence("en")


def test_a_redirect_is_followed_on_the_same_host_only(case: Path, receiver: Receiver) -> None:
    settings = RerunSettings(webhook=receiver.address)
    receiver.answers = [(308, {"Location": "/moved"})]
    (notice,) = announce(REPORT, event="proposals", case=case, settings=settings)
    assert notice.told
    assert [path for path, _, _ in receiver.got] == ["/told?token=secret", "/moved"]
    assert receiver.got[0][2] == receiver.got[1][2]
    other = Receiver()
    try:
        receiver.answers = [(307, {"Location": other.address})]
        (notice,) = announce(REPORT, event="proposals", case=case, settings=settings)
        assert "not followed" in notice.sentence("en")
        assert not other.got
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_where_nobody_answers_three_tries_are_made(case: Path) -> None:
    settings, pauses = RerunSettings(webhook="http://127.0.0.1:1/"), list[float]()
    (notice,) = announce(REPORT, event="proposals", case=case, settings=settings, pause=pauses.append)
    assert (notice.told, notice.tries) == (False, 3)
    assert "does not answer" in notice.sentence("en")


@pytest.mark.parametrize("event", ["no_plan", "failed"])
def test_a_run_that_needs_a_person_is_told_like_one_with_proposals(
    case: Path, receiver: Receiver, event: Event
) -> None:
    assert announce(REPORT, event=event, case=case, settings=RerunSettings(webhook=receiver.address))[0].told


def test_nothing_to_do_is_told_only_where_the_case_wants_it(case: Path, receiver: Receiver) -> None:
    address = receiver.address
    assert announce(REPORT, event="nothing_to_do", case=case, settings=RerunSettings(webhook=address)) == ()
    settings = RerunSettings(webhook=address, always=True)
    assert announce(REPORT, event="nothing_to_do", case=case, settings=settings)[0].told
    assert json.loads(receiver.got[0][2])["event"] == "nothing_to_do"


def test_a_case_is_written_and_read_with_whom_it_tells(hamlet: Path) -> None:
    case = dataclasses.replace(Case.read(hamlet), rerun=RerunSettings(("./tell",), "https://example.org/x", True))
    case.write()
    assert Case.read(hamlet).rerun == case.rerun
    hamlet.write_text(hamlet.read_text(encoding="utf-8").replace('"https://', '"ftp://'), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        Case.read(hamlet)
    (sentence,) = caught.value.sentences("en")
    assert "case.toml: rerun.webhook is no address" in sentence
    assert "example.org" not in sentence  # it may hold a secret, in whatever way it is wrong


def test_the_case_is_read_whole_before_anything_is_refused() -> None:
    table = {"hook": ["./tell", "x"], "webhook": "https://example.org/x", "always": True}
    assert read_rerun(table) == (RerunSettings(("./tell", "x"), "https://example.org/x", True), [])
    wrong = {"hook": "tell; rm x", "webhook": "file:///etc/passwd", "always": 1, "hooks": []}
    _, faults = read_rerun(wrong)
    assert {fault.values["key"] for fault in faults} == {
        "rerun.hook", "rerun.webhook", "rerun.always", "rerun.hooks"
    }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "http://user:s3cret@127.0.0.1/ab",
        "http://user:s3cret@127.0.0.1:x/ab",
        "https://127.0.0.1:1/send key=s3cret",
        "https://127.0.0.1:1/\ts3cret",
        "https://[s3cret/x",
        "https://a..b/s3cret",
        "https://127.0.0.1\\s3cret",
        "s3cret",
    ],
)
def test_an_address_with_a_login_or_a_blank_is_refused_and_never_quoted(case: Path, address: str) -> None:
    settings, faults = read_rerun({"webhook": address})
    (notice,) = announce(REPORT, event="failed", case=case, settings=RerunSettings(webhook=address))
    assert (settings.webhook, len(faults), notice.told) == (None, 1, False)
    assert "s3cret" not in f"{notice.sentence('en')} {faults}"
    assert "check rerun.webhook" in notice.sentence("en")


def test_an_address_in_chinese_is_posted_to(case: Path, receiver: Receiver) -> None:
    address = receiver.address.replace("/told?token=secret", "/通知/a%20b?键=值&k=v")
    assert read_rerun({"webhook": address})[1] == []
    assert announce(REPORT, event="failed", case=case, settings=RerunSettings(webhook=address))[0].told
    assert receiver.got[0][0] == "/%E9%80%9A%E7%9F%A5/a%20b?%E9%94%AE=%E5%80%BC&k=v"


def test_a_secret_that_cannot_be_used_is_a_failed_notice(
    case: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET_NAME, "whsec_abc")
    (notice,) = announce(REPORT, event="failed", case=case, settings=RerunSettings(webhook=receiver.address))
    assert (notice.told, receiver.got) == (False, [])
    assert f"correct the environment variable {SECRET_NAME}" in notice.sentence("en")
    assert "whsec_abc" not in notice.sentence("zh")


def test_an_answer_that_repeats_the_address_is_told_without_it(case: Path, receiver: Receiver) -> None:
    receiver.answers, receiver.said = [(404, {})], b"Cannot POST /told?token=secret, /told"
    (notice,) = announce(REPORT, event="failed", case=case, settings=RerunSettings(webhook=receiver.address))
    assert "it answered 404 Cannot POST …, …" in notice.sentence("en")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("webhook = 'https://h:8/s3cret?a=b@c' # x", "webhook = 'https://h:8' # x"),
        ('rerun = { webhook = "HTTPS://h?key=\'s3cret", always = true }', 'rerun = { webhook = "HTTPS://h", always = true }'),
        ('# "webhook" = """http://u:p/s3cret@h/x"""', '# "webhook" = """http://u"""'),
        ('webhook = "http://u:s3cret@h/x"', 'webhook = "http://h"'),
    ],
)  # fmt: skip
def test_a_case_is_kept_with_the_host_of_its_webhook_only(written: str, kept: str) -> None:
    assert without_webhook(written) == kept
