"""What intake remembers of a case: its conversations, where answers go, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.intake.domain.policies.keeping import Keeping, keep
from services.intake.domain.policies.parties import Dispute, dispute_after
from services.intake.domain.policies.standing import Standing, stand
from shared.contracts.event import Fact
from shared.contracts.intake import (
    AutomaticMailReceived,
    CaseClosureNoted,
    CaseOpened,
    MessageDelivered,
    MessageReceived,
    MessageSent,
    MessageUndelivered,
)
from shared.contracts.intake_conduct import AboutCustomer
from shared.contracts.intake_drafts import RegulationNoted, ReplyDrafted, ReplyReleased, ReplyReturned
from shared.contracts.intake_parties import DisputeOpened, PartyJoined, StatementMissed
from shared.contracts.intake_privacy import AboutPrivacy, CaseErased
from shared.contracts.intake_surge import SurgeBegan, SurgeEnded

REDIRECT = "restricted"  # the purpose of a message that names the channel left open
EMERGENCY = "emergency"  # of one that names the emergency number


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread of a case: who is answered in it, and by what right."""

    conversation_id: UUID
    channel: str
    customer_id: UUID
    recipient: str
    subject: str | None = None
    quiet: str | None = None
    heard: UUID | None = None  # the customer's latest message in it


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that waits for a second person, or what became of it: waiting, released, returned."""

    written: ReplyDrafted
    became: str = "waiting"
    settled_by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class IntakeState:
    """A case (or, in its own stream, one automatic mail: `mail_recorded`).

    `messages` gives the conversation of every message seen; `sent` what became of ours: said, queued, delivered,
    undelivered. `home` is where the case's own customer wrote last: what was decided is told there and nowhere else.
    `surging` tells, in the stream of operations, whether too many cases wait.
    `regulated` is the category for which a second person reads replies before they leave; `drafts` are those replies.
    `emergencies` are the conversations in which the emergency number was named.
    `redirected` says when, by conversation, a customer was last told which channel is open to them. `standing` is, in
    a customer's own stream, how they and we go on together, and `keeping` what keeps their data; `dispute` is the
    case's last one with another customer. `erased` are the customers whose part in the case nobody can read any more.
    `received_at` is when the first message of the case came in, `last_at` when the last one did.
    """

    opened: bool = False
    closed: bool = False
    tracking_code: str = ""
    customer_id: UUID | None = None
    answer_due: datetime | None = None
    subject: str = ""
    acknowledged: bool = False
    conversations: Mapping[UUID, Conversation] = field(default_factory=dict)
    messages: Mapping[UUID, UUID] = field(default_factory=dict)
    sent: Mapping[UUID, str] = field(default_factory=dict)
    home: UUID | None = None
    mail_recorded: bool = False
    surging: bool = False
    regulated: str | None = None
    drafts: Mapping[UUID, Draft] = field(default_factory=dict)
    redirected: Mapping[UUID, datetime] = field(default_factory=dict)
    emergencies: frozenset[UUID] = frozenset()
    standing: Standing = field(default_factory=Standing)
    dispute: Dispute | None = None
    keeping: Keeping = field(default_factory=Keeping)
    erased: frozenset[UUID] = frozenset()
    received_at: datetime | None = None
    last_at: datetime | None = None


def evolve(state: IntakeState, fact: Fact) -> IntakeState:
    """Fold one fact into the state; facts that change nothing here leave it as it is."""
    match fact:
        case CaseOpened():
            return replace(
                state,
                opened=True,
                tracking_code=fact.tracking_code,
                customer_id=fact.customer_id,
                answer_due=fact.answer_due,
                subject=fact.subject,
                received_at=fact.received_at,
                last_at=fact.received_at,
            )
        case MessageReceived():
            return _heard(state, fact)
        case MessageSent():
            return _sent(state, fact)
        case MessageDelivered():
            return replace(state, sent={**state.sent, fact.message_id: "delivered"})
        case MessageUndelivered():
            return replace(state, sent={**state.sent, fact.message_id: "undelivered"})
        case CaseClosureNoted():
            return replace(state, closed=fact.closed)
        case DisputeOpened() | PartyJoined() | StatementMissed():
            return replace(state, dispute=dispute_after(state.dispute, fact))
        case RegulationNoted():
            return replace(state, regulated=fact.category)
        case ReplyDrafted():
            return replace(state, drafts={**state.drafts, fact.draft_id: Draft(fact)})
        case ReplyReleased():
            return _settled(state, fact.draft_id, "released", fact.released_by, fact.note)
        case ReplyReturned():
            return _settled(state, fact.draft_id, "returned", fact.returned_by, fact.reason)
        case AutomaticMailReceived():
            return replace(state, mail_recorded=True)
        case AboutCustomer():
            return replace(state, standing=stand(state.standing, fact))
        case AboutPrivacy():
            return replace(state, keeping=keep(state.keeping, fact))
        case CaseErased():
            return replace(state, erased=state.erased | {fact.customer_id})
        case SurgeBegan() | SurgeEnded():
            return replace(state, surging=isinstance(fact, SurgeBegan))
        case _:
            return state


def _settled(state: IntakeState, draft_id: UUID, became: str, by: str, why: str | None) -> IntakeState:
    draft = replace(state.drafts[draft_id], became=became, settled_by=by, why=why)
    return replace(state, drafts={**state.drafts, draft_id: draft})


def _heard(state: IntakeState, fact: MessageReceived) -> IntakeState:
    before = state.conversations.get(fact.conversation_id)
    conversation = Conversation(
        fact.conversation_id,
        fact.channel,
        fact.customer_id,
        fact.sender,
        (before.subject if before else None) or fact.subject,
        fact.no_automatic_answer,
        fact.message_id,
    )
    own = fact.customer_id == state.customer_id or state.home is None
    return replace(
        state,
        conversations={**state.conversations, fact.conversation_id: conversation},
        messages={**state.messages, fact.message_id: fact.conversation_id},
        home=fact.conversation_id if own else state.home,
        last_at=fact.received_at if state.last_at is None else max(state.last_at, fact.received_at),
        dispute=dispute_after(state.dispute, fact),
    )


def _sent(state: IntakeState, fact: MessageSent) -> IntakeState:
    conversations = state.conversations
    redirected = state.redirected
    emergencies = state.emergencies | ({fact.conversation_id} if fact.purpose == EMERGENCY else frozenset())
    if fact.purpose == REDIRECT:
        redirected = {**redirected, fact.conversation_id: fact.said_at}
    if fact.conversation_id not in conversations:
        opened = Conversation(fact.conversation_id, fact.channel, fact.customer_id, fact.recipient, fact.subject)
        conversations = {**conversations, fact.conversation_id: opened}
    return replace(
        state,
        acknowledged=state.acknowledged or fact.purpose in ("acknowledgement", "script"),
        conversations=conversations,
        messages={**state.messages, fact.message_id: fact.conversation_id},
        sent={**state.sent, fact.message_id: fact.delivery},
        home=state.home or fact.conversation_id,
        redirected=redirected,
        emergencies=emergencies,
        dispute=dispute_after(state.dispute, fact),
    )
