"""The whole of intake as it runs: HTTP, WebSocket and SMTP in, Kafka on both sides, mail out."""

import json
import smtplib
from asyncio import to_thread
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from websockets.asyncio.client import connect

from shared.contracts.triage import BoundaryStated
from shared.contracts.values import Alternative, ClauseRef
from shared.eventstore.partition import log_part
from shared.messaging.codec import encode
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase
from tests.support.recorded import recorded
from tests.support.running_intake import Running, own_topics, running_intake, until

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module")
async def intake(
    service_database: MakeServiceDatabase, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    made, home = service_database("intake"), tmp_path_factory.mktemp("identity")
    with own_topics() as topics:
        async with running_intake(made, kafka_bootstrap, home, topics) as running:
            yield running


def words(message_id: str, text: str = "My order came broken.", **more: Any) -> dict[str, Any]:
    return {"message_id": message_id, "text": text, "sender": {"kind": "handle", "address": "ada"}, **more}


async def test_it_is_ready_and_describes_its_doors(intake: Running) -> None:
    ready = await intake.http.get("/health/ready")
    described = (await intake.http.get("/openapi.json")).json()["paths"]
    assert ready.status_code == 200, ready.text
    for path in (
        "/chat/{conversation_key}/messages",
        "/calls/{conversation_key}/turns",
        "/web/requests",
        "/reviews",
        "/cases/{case_id}/replies",
    ):
        assert described[path]["post"]["summary"]


async def test_a_message_is_taken_once_and_its_answer_fetched_until_confirmed(intake: Running) -> None:
    first = await intake.post("/chat/c1/messages", words("1"))
    again = await intake.post("/chat/c1/messages", words("1"))
    other = await intake.post("/chat/c1/messages", words("1", "Another text."))
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.json() == first.json() | {"duplicate": True}
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["field"] == "message_id"

    [answer] = (await intake.get("/chat/c1/messages")).json()
    assert answer["tracking_code"] == first.json()["tracking_code"]
    assert (await intake.get("/chat/c1/messages")).json() == [answer]
    assert (await intake.get("/chat/c1/messages", after=answer["message_id"])).json() == []
    assert (await intake.get("/chat/c1/messages")).json() == []
    unknown = await intake.get("/chat/c1/messages", after=str(UUID(int=0)))
    assert (unknown.status_code, unknown.json()["field"]) == (404, "after")


async def test_a_transcript_is_taken_at_once(intake: Running) -> None:
    turns = [words(str(n), f"Turn {n}", speaker=who) for n, who in enumerate(("agent", "customer", "agent"))]
    taken = await intake.post("/calls/call-1/turns:batch", {"messages": turns})
    assert taken.status_code == 201, taken.text
    assert len({one["case_id"] for one in taken.json()}) == 1


@pytest.mark.parametrize(
    ("path", "body", "user", "status", "field"),
    [
        ("/chat/c2/messages", words("1"), None, 401, "Authorization"),
        ("/chat/c2/messages", words("1"), "audra", 403, "roles"),
        ("/chat/c2/messages", words("1", said_at="2999-01-01T00:00:00Z"), "door", 422, "said_at"),
        ("/chat/c2/messages", {"message_id": "1", "text": "x"}, "door", 422, "sender"),
        (f"/cases/{UUID(int=0)}/replies", {"text": "Hello"}, "ana", 404, "case_id"),
        (f"/cases/{UUID(int=0)}/replies", {"text": "Hello"}, "door", 403, "roles"),
    ],
)
async def test_what_is_wrong_is_said(
    intake: Running, path: str, body: dict[str, Any], user: str | None, status: int, field: str
) -> None:
    answer = await intake.http.post(path, json=body, headers=intake.headers(user) if user else {})
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_agents_reply_waits_for_the_channel(intake: Running) -> None:
    taken = (await intake.post("/web/requests", words("form-1"))).json()
    reply = {"text": "We have sent you a new one."}
    sent = await intake.post(f"/cases/{taken['case_id']}/replies", reply, user="ana")
    assert sent.status_code == 201, sent.text
    assert [event["type"] for event in sent.json()["events"]] == ["intake.message_sent.v1"]
    waiting = (await intake.get("/web/requests/form-1/messages")).json()
    assert [one["purpose"] for one in waiting] == ["acknowledgement", "agent"]


async def test_a_live_chat_gets_its_answers_down_the_socket(intake: Running) -> None:
    url = str(intake.http.base_url).replace("http", "ws")
    async with connect(f"{url}/chat/live-1", additional_headers=intake.headers("door")) as socket:
        await socket.send(json.dumps(words("1")))
        await socket.send("nonsense")
        got = [json.loads(await socket.recv()) for _ in range(3)]
    taken = next(one["taken"] for one in got if "taken" in one)
    pushed = next(one for one in got if "purpose" in one)
    assert next(one["problem"] for one in got if "problem" in one)["status"] == 422
    assert pushed["tracking_code"] == taken["tracking_code"]
    assert await until(lambda: _nothing_waits(intake, "/chat/live-1/messages"))


async def _nothing_waits(intake: Running, path: str) -> bool:
    return bool((await intake.get(path)).json() == [])


async def test_a_socket_without_a_token_is_refused(intake: Running) -> None:
    url = str(intake.http.base_url).replace("http", "ws")
    with pytest.raises(Exception, match="403"):
        async with connect(f"{url}/chat/live-2"):
            pass


async def test_a_mail_is_answered_by_mail_and_kept(intake: Running) -> None:
    raw = b"From: Eve <eve@example.com>\r\nSubject: Late\r\nMessage-ID: <late@example.com>\r\n\r\nWhere is it?\r\n"

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", intake.smtp_port, timeout=20) as client:
            client.sendmail("eve@example.com", ["care@shop.example"], raw)

    async def caught() -> list[bytes]:
        mails = [one.content for one in intake.catcher.mails if one.rcpt_tos == ["eve@example.com"]]
        return [mail for mail in mails if isinstance(mail, bytes)]

    await to_thread(send)
    [mail] = await until(caught)
    assert b"In-Reply-To: <late@example.com>" in mail


async def test_what_triage_decides_is_told_and_what_intake_records_is_published(intake: Running) -> None:
    taken = (await intake.post("/chat/c3/messages", words("1", "I want all my money back!"))).json()
    boundary = BoundaryStated(
        boundary_id=new_id(),
        request_id=new_id(),
        message_id=UUID(taken["message_id"]),
        case_id=UUID(taken["case_id"]),
        kind="unfounded_demand",
        limit="30 days",
        clause=ClauseRef(policy="shop", version="1", clause="returns", text="Returns within 30 days."),
        reason="The order is a year old.",
        alternatives=(Alternative(offer="a repair", benefit="it works again"),),
        appeal="Ask for a manager.",
        language="en",
        text="We cannot refund it; we can repair it.",
    )
    part = log_part(boundary.case_id, 8)
    event = recorded(boundary, event_id=new_id())._replace(log_part=part)
    producer = AIOKafkaProducer(bootstrap_servers=intake.kafka)
    await producer.start()
    key, value, headers = encode(event)
    await producer.send_and_wait(intake.topics["triage"], value=value, key=key, partition=part, headers=headers)
    await producer.stop()

    async def told() -> list[dict[str, Any]]:
        waiting = (await intake.get("/chat/c3/messages")).json()
        return [one for one in waiting if one["purpose"] == "boundary"]

    [answer] = await until(told)
    assert answer["text"] == "We cannot refund it; we can repair it."
    assert answer["in_reply_to"] == taken["message_id"]
    types = await until(lambda: published(intake, taken["case_id"], 4))
    assert types[-3:] == ["intake.message_received.v1", "intake.message_sent.v1", "intake.message_sent.v1"]


async def published(intake: Running, case_id: str, least: int) -> list[str] | None:
    consumer = AIOKafkaConsumer(intake.topics["intake"], bootstrap_servers=intake.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        records = [record for batch in (await consumer.getmany(timeout_ms=2000)).values() for record in batch]
    finally:
        await consumer.stop()
    types = [
        dict(record.headers)["ce_type"].decode().removeprefix("io.recourse.")
        for record in records
        if dict(record.headers)["ce_subject"].decode() == case_id
    ]
    return types if len(types) >= least else None


async def test_the_bytes_of_a_mail_can_be_fetched_by_those_who_may(intake: Running, tmp_path: Path) -> None:
    missing = await intake.get(f"/content/{'0' * 64}", user="audra")
    refused = await intake.get(f"/content/{'0' * 64}", user="door")
    assert (missing.status_code, refused.status_code) == (404, 403)
