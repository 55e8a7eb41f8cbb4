"""What customers and agents write, in every field that takes words, is nowhere on the disk or in a trace as it is."""

import asyncio
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from deploy.local.postgres import LocalPostgres
from deploy.local.secret_files import password_in
from tests.support.collector import Collector, collecting
from tests.support.running import Running
from tests.support.searching import found_in_files, found_in_tables
from tests.support.waiting import until

pytestmark = pytest.mark.backends
SERVICES = ("intake", "triage", "approvals", "followup", "casebook")
PLAIN = "behaviour"  # the category of a measure, which is no text of or about a customer
DEMAND = "Your courier broke my vase. I demand compensation of $900 for what went wrong! My order is W"


class Words:
    """Makes words that are found nowhere else, one for every field that is filled in."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self._numbers = count(1)

    def __call__(self, field: str) -> str:
        word = self.made[field] = f"zq{next(self._numbers):03}qz"
        return word


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Running]:
    stack = Running(tmp_path_factory.mktemp("words") / "home")
    stack.recourse("up", "--detach", "--otlp", collector.url)
    yield stack
    stack.recourse("down")


class Desk:
    """Acts as the ready users do, and says with which answer each act was met."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def post(self, service: str, user: str, path: str, **body: Any) -> dict[str, Any]:
        with self._running.client(service, user) as client:
            answer = client.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code < 300, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def get(self, service: str, path: str, user: str = "ana") -> Any:
        with self._running.client(service, user) as client:
            answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()


def write(desk: Desk, word: Words, demand: str = DEMAND) -> str:
    """Let a customer say something on a chat, in every field; give the case."""
    body = {
        "message_id": word("message_id"),
        "text": f"{demand}{word('text')}",
        "subject": word("subject"),
        "second_transcript": f"{demand}{word('second_transcript')}",
        "sender": {"kind": "email", "address": f"{word('address')}@example.org", "name": word("name")},
    }
    return str(desk.post("intake", "door", f"/chat/{word('conversation_key')}/messages", **body)["case_id"])


def send_mails(running: Running, desk: Desk, word: Words) -> None:
    """Let people and machines write mails with files; return when they are recorded."""
    port = running.home.state().ports["mail_door"]
    for number, more in enumerate(({}, {"Auto-Submitted": f"auto-replied {word('header')}"})):
        mail = EmailMessage()
        mail["From"] = f"{word(f'mail name {number}')} <{word(f'mail address {number}')}@example.org>"
        mail["To"] = "care@shop.example"
        mail["Subject"] = word(f"mail subject {number}")
        mail["Message-ID"] = f"<{word(f'mail id {number}')}@example.org>"
        for name, value in more.items():
            mail[name] = value
        mail.set_content(f"I want my money back for {word(f'mail text {number}')}")
        mail.add_attachment(word(f"file {number}"), "csv", filename=f"{word(f'file name {number}')}.csv")
        with smtplib.SMTP("127.0.0.1", port) as door:
            door.send_message(mail)


def decide(desk: Desk, word: Words, case: str) -> None:
    """Let people propose, decide, promise, measure, note and close, with words wherever words can be given."""
    found = desk.get("approvals", f"/cases/{case}/exceptions")
    exception = found[0]["exception_id"]
    desk.post("approvals", "max", f"/cases/{case}/exceptions/{exception}/precedents")
    desk.post(
        "approvals", "max", f"/cases/{case}/exceptions/{exception}/decision",
        decision="approve", note=word("note"), conditions=[word("condition")],
    )  # fmt: skip
    desk.post("approvals", "ana", f"/cases/{case}/exceptions/{exception}/use", evidence=word("used"))
    backing = {"kind": "decision", "reference": exception}
    until(lambda: bool(desk.get("followup", f"/cases/{case}/promises")["promises"]))
    desk.post("followup", "ana", f"/cases/{case}/promises", what=word("what"), backing=backing)
    promises = desk.get("followup", f"/cases/{case}/promises")["promises"]
    promise = next(one["promise_id"] for one in promises if one["what"] == word.made["what"])
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    path = f"/cases/{case}/promises"
    desk.post("followup", "ana", f"{path}/{promise}/renegotiated", due=later, reason=word("renegotiated"))
    desk.post("followup", "ana", f"{path}/{promise}/kept", evidence=word("evidence"))
    for one in promises:
        if one["promise_id"] != promise:
            desk.post("followup", "ana", f"{path}/{one['promise_id']}/released", reason=word("released"))
    desk.post(
        "followup", "ana", f"/cases/{case}/reflections",
        what_helped=word("helped"), what_should_change=word("should change"),
    )  # fmt: skip


def look_after(desk: Desk, word: Words, case: str) -> None:
    """Let people answer, take measures, note needs and open a dispute."""
    assessments = desk.get("triage", f"/cases/{case}/assessments")
    message = assessments[0]["message_id"]
    desk.post("triage", "ana", f"/cases/{case}/assessments/{message}/correction", reason=word("corrected"), kinds=[])
    draft = desk.post("intake", "ana", f"/cases/{case}/replies", text=f"Dear customer {word('reply')}")
    assert draft["events"]
    waits = desk.post(
        "intake", "ana", f"/cases/{case}/replies", text=f"Our last word: {word('draft')}", kind="final_response"
    )
    released = next(one for one in waits["events"] if "draft" in one["type"])
    drafts = desk.get("intake", f"/cases/{case}/drafts")
    assert released
    desk.post("intake", "sue", f"/cases/{case}/drafts/{drafts[0]['draft_id']}/release", note=word("release note"))
    review = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    desk.post(
        "intake", "sue", f"/cases/{case}/conduct-measures", measure="warning", category="behaviour",
        reason=word("measure"), evidence=[message], adjustments=[word("adjustment")], review_on=review,
    )  # fmt: skip
    desk.post(
        "intake", "max", f"/cases/{case}/conduct-measures", measure="named_contact", category="behaviour",
        reason=word("second measure"), evidence=[message], adjustments=[word("adjusted")], review_on=review,
        contact=word("contact"),
    )  # fmt: skip
    desk.post(
        "intake", "ana", f"/cases/{case}/vulnerabilities", driver="life_events", support=word("support"),
        source="observed", consent=True, review_on=review,
    )  # fmt: skip
    desk.post("intake", "ana", f"/cases/{case}/dispute", matter=word("matter"))
    desk.post("intake", "ana", f"/cases/{case}/dispute/parties", email=f"{word('party')}@example.org")
    clocks = desk.get("followup", f"/cases/{case}/clocks")["clocks"]
    clock = next(one["clock"] for one in clocks if one["status"] == "running")
    desk.post("followup", "ana", f"/cases/{case}/clocks/{clock}/pause", reason=word("paused"), held_by="customer")


async def in_databases(running: Running, words: list[str]) -> list[str]:
    """Search every table of every service's database, as its owner."""
    server, secrets = LocalPostgres(running.home.postgres), running.home.secrets
    found: list[str] = []
    for service in SERVICES:
        owner = f"{service}_owner"
        url = make_url(server.url_for(owner, password_in(secrets / owner), f"recourse_{service}"))
        raw = await asyncpg.connect(
            user=url.username, password=url.password, database=url.database, host=url.query["host"]
        )
        try:
            found += [f"{service}: {one}" for one in await found_in_tables(raw, words)]
        finally:
            await raw.close()
    return found


def test_no_word_is_stored_logged_or_traced_as_it_is(running: Running, collector: Collector) -> None:
    word, desk = Words(), Desk(running)
    first = write(desk, word)
    until(lambda: bool(desk.get("approvals", f"/cases/{first}/exceptions")))
    decide(desk, word, first)
    second = write(desk, word)
    until(lambda: bool(desk.get("triage", f"/cases/{second}/assessments")))
    look_after(desk, word, second)
    third = write(desk, word, "Thank you, all is fine with W")
    until(lambda: bool(desk.get("triage", f"/cases/{third}/assessments")))
    desk.post("followup", "ana", f"/cases/{third}/resolution", how=word("how"))
    send_mails(running, desk, word)
    with running.client("intake", "door") as client:
        client.get(f"/chat/{word('asked for')}/messages", params={"after": word("query")})
        client.post(f"/chat/{word('posted to')}/messages", content=word("no message"))
    running.settle()
    words = sorted(word.made.values())
    assert len(words) > 40
    told = desk.get("casebook", f"/cases/{first}/timeline", "ana")
    assert word.made["note"] in str(told), "people do not read what was written any more"
    left = asyncio.run(in_databases(running, [*words, PLAIN]))
    assert [one for one in left if not one.endswith(PLAIN)] == []
    assert left, "nothing is found here"
    running.recourse("down")
    left = found_in_files(running.home.root, [*words, PLAIN])
    # the mailbox stands for the servers of the world outside, which get mails as people read them
    assert [one for one in left if not one.startswith("mailbox/") and not one.endswith(PLAIN)] == []
    assert {one.split("/")[0] for one in left if one.endswith(PLAIN)} >= {"postgres", "kafka"}, "nothing is found here"
    assert collector.spans
    fields = {one: field for field, one in word.made.items()}
    assert {fields[one] for one in words for body in collector.bodies if one.encode() in body} == set()
