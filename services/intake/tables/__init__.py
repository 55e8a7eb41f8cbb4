"""Intake's own tables: where messages belong, and what waits to be delivered; all but `content` follow from the log.

No text of or about a customer is in them: addresses, outside message ids and what was said are look-up values.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import DateTime, Executable, Integer, TextClause, bindparam, text

from services.intake.domain.policies.identity import content_hash, normal_address
from services.intake.domain.policies.parties import DECISION
from services.intake.tables.forgetting import forgetting
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import (
    AutomaticMailReceived,
    CaseClosureNoted,
    CaseOpened,
    CustomerIdentified,
    MessageDelivered,
    MessageReceived,
    MessageSent,
    MessageUndelivered,
)
from shared.contracts.intake_conduct import ConductMeasureLifted, ConductMeasureReviewed, ConductMeasureTaken
from shared.contracts.intake_drafts import ReplyDrafted, ReplyReleased, ReplyReturned
from shared.contracts.intake_parties import DisputeOpened, PartyJoined
from shared.contracts.intake_privacy import AboutPrivacy
from shared.contracts.intake_vulnerability import VulnerabilityNoted, VulnerabilityRemoved

IDENTIFIED = text("INSERT INTO customer_address VALUES (:kind, :address, :customer)")
MAILED = text("INSERT INTO automatic_mail (mail_id, address) VALUES (:mail, :address)")
OPENED = text("INSERT INTO tracking VALUES (:case, :code, :customer, :linked)")
# That a message is here does not answer it, nor what we tell a customer about how we go on.
NO_ANSWER = ("acknowledgement", "emergency", "passed_on", "script", "restricted", "conduct_notice", "dispute_notice")
AT = bindparam("at", type_=DateTime(timezone=True))
ACKNOWLEDGED = bindparam("acknowledged", type_=DateTime(timezone=True))
# One statement a message: this runs in the append's transaction, under the lock of the log partition.
RECEIVED = text("""
    WITH said AS (
        INSERT INTO message_index VALUES
            (:message, :channel, :their_id, :conversation, :case, :version, :hash, true, :at)),
    waits AS (UPDATE tracking SET waits_since = :at WHERE case_id = :case AND waits_since IS NULL),
    others AS (
        INSERT INTO took_part
        SELECT p.customer_id, p.case_id FROM conversation c,
            LATERAL (VALUES (c.customer_id, c.case_id), (:customer, :case)) AS p (customer_id, case_id)
        WHERE c.conversation_id = :conversation AND c.customer_id <> :customer
        ON CONFLICT DO NOTHING)
    INSERT INTO conversation VALUES (:conversation, :channel, :case, :customer)
    ON CONFLICT (conversation_id) DO UPDATE SET case_id = excluded.case_id, customer_id = excluded.customer_id,
        forgotten = conversation.forgotten AND conversation.case_id = excluded.case_id
    WHERE conversation.case_id <> excluded.case_id OR conversation.customer_id <> excluded.customer_id""").bindparams(
    AT
)
SENT = text("""
    WITH said AS (
        INSERT INTO message_index VALUES
            (:message, :channel, :their_id, :conversation, :case, :version, :hash, false, :at)),
    waiting AS (
        INSERT INTO outbound (message_id, channel, conversation_id, case_id, version, state, due)
        SELECT :message, :channel, :conversation, :case, :version, 'queued', :at WHERE :queued),
    waits AS (UPDATE tracking SET waits_since = NULL WHERE case_id = :case AND waits_since IS NOT NULL AND :answers)
    INSERT INTO conversation VALUES (:conversation, :channel, :case, :customer, :acknowledged)
    ON CONFLICT (conversation_id) DO UPDATE
        SET case_id = excluded.case_id,
            forgotten = conversation.forgotten AND conversation.case_id = excluded.case_id,
            acknowledged_at = coalesce(excluded.acknowledged_at, conversation.acknowledged_at)
    WHERE conversation.case_id <> excluded.case_id OR excluded.acknowledged_at IS NOT NULL
    """).bindparams(AT, ACKNOWLEDGED)
DELIVERED = text("UPDATE outbound SET state = :state WHERE message_id = :message")
CLOSED = text("UPDATE tracking SET closed = :closed, waits_since = NULL WHERE case_id = :case")
NEEDS = text("""
    INSERT INTO customer_standing (customer_id, needs) VALUES (:customer, greatest(:more, 0))
    ON CONFLICT (customer_id) DO UPDATE SET needs = customer_standing.needs + :more""").bindparams(
    bindparam("more", type_=Integer)
)
RESTRICTED = text("""
    INSERT INTO customer_standing (customer_id, open_channel, restricted_by) VALUES (:customer, :channel, :measure)
    ON CONFLICT (customer_id) DO UPDATE SET open_channel = excluded.open_channel, restricted_by = excluded.restricted_by
    """)
RELEASED = text("""
    UPDATE customer_standing SET open_channel = NULL, restricted_by = NULL
    WHERE customer_id = :customer AND restricted_by = :measure""")

DISPUTED = text("INSERT INTO dispute VALUES (:dispute, :case, :at, :by)").bindparams(AT)
ANSWERS_BY = text("""
    UPDATE dispute SET respondent_id = :customer, joined_at = :at, state_by = :until WHERE dispute_id = :dispute
    """).bindparams(AT, bindparam("until", type_=DateTime(timezone=True)))
DECIDED = text("UPDATE dispute SET decided = true WHERE case_id = :case")
DRAFTED = text("INSERT INTO draft VALUES (:draft, :case, :category, :channel, :by, :at)").bindparams(AT)
DRAFT_SETTLED = text("UPDATE draft SET waits = false WHERE draft_id = :draft")


def index(event: Recorded, fact: Fact, blind: Callable[[str], str] = str) -> Sequence[Executable]:
    """Give the statements that keep the tables in step with a fact just appended; `blind` gives look-up values.

    A second customer for the same address, or a second case for the same code, fails here, and with it the append.
    """
    match fact:
        case CustomerIdentified():
            return [
                IDENTIFIED.bindparams(kind=fact.address_kind, address=blind(fact.address), customer=fact.customer_id)
            ]
        case CaseOpened():
            return [
                OPENED.bindparams(
                    case=fact.case_id, code=fact.tracking_code, customer=fact.customer_id, linked=fact.linked_case_id
                )
            ]
        case MessageReceived():
            return [_received(event, fact, blind)]
        case MessageSent() if fact.purpose == DECISION:
            return [_sent(event, fact, blind), DECIDED.bindparams(case=fact.case_id)]
        case MessageSent():
            return [_sent(event, fact, blind)]
        case MessageDelivered():
            return [_settled(fact.message_id, "delivered")]
        case MessageUndelivered():
            return [_settled(fact.message_id, "undelivered")]
        case AutomaticMailReceived() if fact.customer_id is None:
            return [MAILED.bindparams(mail=fact.mail_id, address=blind(normal_address("email", fact.sender)))]
        case ConductMeasureTaken() | ConductMeasureReviewed() if fact.open_channel is not None:
            return [
                RESTRICTED.bindparams(customer=fact.customer_id, channel=fact.open_channel, measure=fact.measure_id)
            ]
        case ConductMeasureLifted():
            return [RELEASED.bindparams(customer=fact.customer_id, measure=fact.measure_id)]
        case VulnerabilityNoted() | VulnerabilityRemoved():
            more = 1 if isinstance(fact, VulnerabilityNoted) else -1
            return [NEEDS.bindparams(customer=fact.customer_id, more=more)]
        case DisputeOpened():
            values = {"dispute": fact.dispute_id, "case": fact.case_id, "by": fact.opened_by}
            return [DISPUTED.bindparams(at=event.recorded_at, **values)]
        case PartyJoined() if fact.side == "respondent":
            values = {"dispute": fact.dispute_id, "customer": fact.customer_id}
            return [ANSWERS_BY.bindparams(at=event.recorded_at, until=fact.state_by, **values)]
        case ReplyDrafted():
            return [_drafted(event, fact)]
        case ReplyReleased() | ReplyReturned():
            return [DRAFT_SETTLED.bindparams(draft=fact.draft_id)]
        case AboutPrivacy():
            return forgetting(event, fact)
        case CaseClosureNoted():
            return [CLOSED.bindparams(case=fact.case_id, closed=fact.closed)]
        case _:
            return []


def _received(event: Recorded, fact: MessageReceived, blind: Callable[[str], str]) -> TextClause:
    return RECEIVED.bindparams(
        message=fact.message_id,
        channel=fact.channel,
        their_id=_their_id(fact, blind),
        conversation=fact.conversation_id,
        case=fact.case_id,
        version=event.version,
        hash=blind(content_hash(fact.text, fact.subject, fact.second_transcript, fact.rating, fact.duration_ms)),
        at=event.recorded_at,
        customer=fact.customer_id,
    )


def _sent(event: Recorded, fact: MessageSent, blind: Callable[[str], str]) -> TextClause:
    acknowledges = fact.purpose in ("acknowledgement", "restricted")
    return SENT.bindparams(
        message=fact.message_id,
        channel=fact.channel,
        their_id=_their_id(fact, blind),
        conversation=fact.conversation_id,
        case=fact.case_id,
        version=event.version,
        hash=blind(content_hash(fact.text, fact.subject, fact.second_transcript, None, fact.duration_ms)),
        at=event.recorded_at,
        queued=fact.delivery == "queued",
        customer=fact.customer_id,
        acknowledged=event.recorded_at if acknowledges else None,
        answers=fact.purpose not in NO_ANSWER,
    )


def _their_id(fact: MessageReceived | MessageSent, blind: Callable[[str], str]) -> str | None:
    """Threads are found by it on e-mail only; elsewhere it is not kept beside the log."""
    their_id = fact.channel_message_id if fact.channel == "email" else None
    return None if their_id is None else blind(their_id)


def _drafted(event: Recorded, fact: ReplyDrafted) -> TextClause:
    return DRAFTED.bindparams(
        draft=fact.draft_id,
        case=fact.case_id,
        category=fact.category,
        channel=fact.channel,
        by=fact.drafted_by,
        at=event.recorded_at,
    )


def _settled(message_id: UUID, state: str) -> TextClause:
    return DELIVERED.bindparams(message=message_id, state=state)
