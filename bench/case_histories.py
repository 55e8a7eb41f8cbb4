"""Histories of many cases as the logs would hold them: 22 events a case over four topics, 600 bytes each on average."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID, uuid5

from shared.contracts import approvals, followup, intake, triage
from shared.contracts.event import Fact, Recorded
from shared.contracts.values import Alternative, Authority, Backing, ClauseRef, Money, Quorum
from shared.eventstore.partition import log_part

PARTS = 8
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SPACE = UUID("6f9b7a52-6a0f-4f0c-8a5e-0d6f3c1c2b11")
CASE, CUSTOMER, MESSAGE, ANSWER, REQUEST, EXCEPTION, PROMISE = (UUID(int=n) for n in range(1, 8))
IDS = (CASE, CUSTOMER, MESSAGE, ANSWER, REQUEST, EXCEPTION, PROMISE)
CODE = "RC-TEMPLATE"
CHANNELS = ("email", "chat", "phone", "web", "review")
KINDS = ("unfounded_demand", "buyers_remorse", "technical_issue", "negative_review", "policy_restriction")
SPACED = timedelta(milliseconds=7)  # between two events of one log partition
ABREAST = 200  # cases of one log partition that go on at the same time


class Step(NamedTuple):
    """One event of every case: who recorded it, and its body with the ids to be put in."""

    type: str
    log: str
    stream_kind: str
    actor: str
    body: bytes


def of_part(part: int, cases: int) -> Iterator[Recorded]:
    """Give the events of `cases` cases of one log partition, all topics interleaved as they would arrive."""
    positions = dict.fromkeys(("intake", "triage", "approvals", "followup"), 0)
    at, found = START, _cases_in(part)
    steps = [_steps(channel, KINDS[nth]) for nth, channel in enumerate(CHANNELS)]
    for first in range(0, cases, ABREAST):
        abreast = [next(found) for _ in range(min(ABREAST, cases - first))]
        for nth in range(len(steps[0])):
            for number, case_id in abreast:
                step = steps[number % len(steps)][nth]
                positions[step.log] += 1
                at += SPACED
                yield _event(step, part, positions[step.log], number, case_id, nth + 1, at)


def _cases_in(part: int) -> Iterator[tuple[int, UUID]]:
    number = 0
    while True:
        case_id = uuid5(SPACE, str(number))
        if log_part(case_id, PARTS) == part:
            yield number, case_id
        number += 1


def _event(step: Step, part: int, position: int, number: int, case_id: UUID, version: int, at: datetime) -> Recorded:
    ids = [case_id, *(UUID(int=case_id.int ^ (n << 60)) for n in range(1, len(IDS)))]
    body = step.body.replace(CODE.encode(), f"RC-{number:08d}".encode())
    for placeholder, real in zip(IDS, ids, strict=True):
        body = body.replace(str(placeholder).encode(), str(real).encode())
    return Recorded(
        event_id=UUID(int=case_id.int ^ (version << 80)),
        type=step.type,
        log=step.log,
        log_part=part,
        position=position,
        stream_kind="case",
        stream_id=case_id,
        version=version,
        actor=step.actor,
        on_behalf_of=None,
        via="bench",
        command_id=None,
        correlation_id=ids[2],
        causation_id=UUID(int=case_id.int ^ ((version - 1) << 80)) if version > 1 else None,
        traceparent=f"00-{case_id.hex}-{case_id.hex[:16]}-01",
        recorded_at=at,
        received_at=at if step.log == "intake" else None,
        body=body,
        body_hash=sha256(body).digest(),
        chain_hash=b"\0" * 32,
    )


def _steps(channel: str, kind: str) -> list[Step]:
    logs = {"intake": "door", "triage": "rules", "approvals": "max", "followup": "rules"}
    return [
        Step(fact.TYPE, owner := fact.TYPE.partition(".")[0], fact.STREAM, logs[owner], fact.body())
        for fact in _facts(channel, kind)
    ]


def _facts(channel: str, kind: str) -> list[Fact]:
    words = "I bought this three weeks ago and I want my money back today. I will not accept anything else. " * 8
    letter = "We understand that this is annoying. Returns are open for 14 days; we can repair it free of charge. " * 9
    clause = ClauseRef(policy="shop", version="3", clause="returns.14-days", text="Goods may be returned in 14 days.")
    money = Money(amount=Decimal("84.90"), currency="GBP")
    role = Authority(role="manager", limit=Money(amount=Decimal(500), currency="GBP"), matrix="2")
    about, exception = {"case_id": CASE}, {"case_id": CASE, "exception_id": EXCEPTION}
    said = {**about, "conversation_id": REQUEST, "channel": channel, "customer_id": CUSTOMER}
    reading = triage.Reading(
        kinds=(kind,),
        remedy="refund",
        urgency="high",
        tone="angry",
        language="en",
        confidence=0.9,
        judged_by="rules/4",
        amount=money,
        evidence=(triage.Evidence(finding="remedy:refund", start=4, end=33, rule="refund.money-back"),) * 3,
    )
    heard = intake.MessageReceived(
        **said,
        message_id=MESSAGE,
        channel_message_id=f"<{MESSAGE}@mail>",
        sender="kim@example.org",
        text=words,
        received_at=START,
        subject="My money back",
    )
    answered = intake.MessageSent(
        **said,
        message_id=ANSWER,
        purpose="boundary",
        recipient="kim@example.org",
        text=letter,
        said_at=START,
        delivery="queued",
        subject="Re: My money back",
    )
    promise = {"case_id": CASE, "promise_id": PROMISE}
    return [
        intake.CaseOpened(
            **about,
            tracking_code=CODE,
            customer_id=CUSTOMER,
            channel=channel,
            conversation_id=REQUEST,
            subject="My money back",
            received_at=START,
            answer_due=START,
        ),
        heard,
        answered.model_copy(update={"purpose": "acknowledgement"}),
        triage.RequestAssessed(**about, message_id=MESSAGE, request_id=REQUEST, reading=reading),
        triage.BoundaryStated(
            **about,
            boundary_id=ANSWER,
            request_id=REQUEST,
            message_id=MESSAGE,
            kind=kind,
            limit="14 days",
            clause=clause,
            reason="the 14 days are over",
            language="en",
            text=letter,
            appeal="ask for a manager",
            alternatives=(Alternative(offer="a free repair", benefit="it works again within a week"),),
        ),
        answered,
        intake.MessageDelivered(**about, message_id=ANSWER, delivered_at=START, attempts=1, receipt="250 OK"),
        heard.model_copy(update={"in_reply_to": ANSWER}),
        triage.RequestAssessed(**about, message_id=MESSAGE, reading=reading.model_copy(update={"appeals": True})),
        triage.ExceptionProposed(
            **exception,
            request_id=REQUEST,
            kind=kind,
            clause=clause,
            deviation="refund after the return period",
            reason="the customer appeals",
            proposed_by="rules",
            language="en",
            amount=money,
        ),
        approvals.ExceptionRequested(
            **exception,
            request_id=REQUEST,
            kind=kind,
            clause=clause,
            deviation="refund after the return period",
            reason="the customer appeals",
            proposed_by="rules",
            required_role="manager",
            quorum=Quorum(),
            deadline=START,
            language="en",
            amount=money,
        ),
        approvals.ApprovalGiven(**exception, decided_by="max", authority=role, note="a customer of ten years"),
        approvals.ExceptionApproved(
            **exception,
            request_id=REQUEST,
            decided_by=("max",),
            authority=role,
            amount=money,
            language="en",
            deviation="refund after the return period",
            note="a customer of ten years",
            conditions=("send it back",),
        ),
        answered.model_copy(update={"purpose": "decision"}),
        intake.MessageDelivered(**about, message_id=ANSWER, delivered_at=START, attempts=1, receipt="250 OK"),
        followup.PromiseMade(
            **promise,
            customer_id=CUSTOMER,
            what="refund of 84.90 GBP",
            due=START,
            at_risk_from=START,
            backing=Backing(kind="decision", reference=str(EXCEPTION)),
            made_by="rules",
        ),
        followup.PromiseAtRisk(**promise, due=START),
        followup.PromiseKept(**promise, evidence="payment 4711 of our bank", kept_at=START, late=False),
        followup.CheckInScheduled(**about, check_in_id=ANSWER, due=START, about="refund"),
        heard.model_copy(update={"text": "Thank you, it has arrived."}),
        followup.CaseResolved(**about, how="promise kept", resolved_by="rules", closes_at=START),
        followup.CaseClosed(**about, reason="nothing more came"),
    ]
