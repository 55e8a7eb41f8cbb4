"""Decides what a message opens, what is said back, and which attempts are refused."""

from datetime import datetime
from typing import assert_never

from services.intake.domain.commands import (
    AnswerEmergency,
    AppealMeasure,
    Command,
    Erase,
    EraseFromCase,
    FinishErasure,
    JoinDispute,
    LiftMeasure,
    MarkDelivered,
    MarkUndelivered,
    NoteClosure,
    NoteLoad,
    NoteRegulation,
    NoteVulnerability,
    OpenDispute,
    PassReviewDay,
    PassStatementTime,
    PlaceHold,
    ReceiveMessage,
    RecordAgentMessage,
    RecordAutomaticMail,
    ReleaseHold,
    ReleaseReply,
    RemoveVulnerability,
    ReturnReply,
    ReviewMeasure,
    Said,
    SendReply,
    TakeMeasure,
    TellDispute,
)
from services.intake.domain.policies import delivery, outgoing, restriction
from services.intake.domain.policies.acknowledgement import IntakeRules, acknowledgement
from services.intake.domain.policies.conduct import conduct
from services.intake.domain.policies.disputes import dispute
from services.intake.domain.policies.privacy import privacy
from services.intake.domain.policies.surge import honest_due, note_load, surge_for
from services.intake.domain.policies.vulnerability import WHY_FIRST, reviews_due, vulnerability
from services.intake.domain.state import IntakeState, evolve
from shared.contracts.event import Fact
from shared.contracts.intake import (
    CaseClosureNoted,
    CaseOpened,
    CustomerIdentified,
    MessageReceived,
    MessageSent,
)
from shared.contracts.intake_drafts import RegulationNoted
from shared.contracts.intake_surge import Surge
from shared.contracts.intake_vulnerability import CaseCameFirst
from shared.kernel.decider import Decider

SUBJECT_LENGTH = 120


def make_decider(rules: IntakeRules) -> Decider[Command, IntakeState, Fact]:
    """Give intake's decider under the given wording, calendar and answer times."""
    return Decider(IntakeState(), evolve, lambda command, state: decide(command, state, rules))


def decide(command: Command, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Give the facts that a command leads to; none when it was carried out before."""
    match command:
        case ReceiveMessage():
            return _receive(command, state, rules)
        case RecordAgentMessage():
            return _agent_said(command, state, rules)
        case SendReply():
            return outgoing.reply(command, state, rules)
        case ReleaseReply():
            return outgoing.release(command, state, rules)
        case ReturnReply():
            return outgoing.send_back(command, state, rules)
        case NoteRegulation():
            if not state.opened or state.regulated is not None:
                return []
            noted = RegulationNoted(case_id=command.case_id, category=command.category, message_id=command.message_id)
            return [noted]
        case RecordAutomaticMail():
            return [] if state.mail_recorded else [delivery.automatic(command)]
        case MarkDelivered():
            return delivery.delivered(command, state)
        case MarkUndelivered():
            return delivery.undelivered(command, state)
        case NoteClosure():
            if not state.opened or state.closed == command.closed:
                return []
            return [CaseClosureNoted(case_id=command.case_id, closed=command.closed, reason=command.reason)]
        case AnswerEmergency():
            return restriction.answer_emergency(command, state, rules)
        case PassReviewDay() if state.keeping.erased:
            return []
        case PassReviewDay():
            needs = reviews_due(command, state.standing, rules.calendar)
            return [*conduct(command, state.standing, rules), *needs]
        case TakeMeasure() | AppealMeasure() | ReviewMeasure() | LiftMeasure():
            return conduct(command, state.standing, rules)
        case NoteVulnerability() | RemoveVulnerability():
            return vulnerability(command, state.standing, rules.vulnerability, rules.calendar)
        case OpenDispute() | JoinDispute() | PassStatementTime() | TellDispute():
            return dispute(command, state, rules)
        case PlaceHold() | ReleaseHold() | Erase() | FinishErasure() | EraseFromCase():
            return privacy(command, state, rules.retention, rules.calendar)
        case NoteLoad():
            return note_load(command, state, rules.surge)
        case _:
            assert_never(command)


def _receive(command: ReceiveMessage, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    said = command.said
    if said.message_id in state.messages:
        return []
    surge = surge_for(said.channel, command.surging, command.backlog, command.comes_first, rules.surge)
    usual = rules.answer_due(command.now, said.channel, first=command.comes_first)
    answer_due = state.answer_due or honest_due(command.now, usual, surge, rules.calendar)
    facts = _opening(command, state, answer_due, surge)
    if command.comes_first and not state.opened:
        facts.append(CaseCameFirst(case_id=command.case_id, reason_code=WHY_FIRST))
    facts.append(
        MessageReceived(
            case_id=command.case_id,
            message_id=said.message_id,
            conversation_id=said.conversation_id,
            channel=said.channel,
            channel_message_id=said.channel_message_id,
            customer_id=said.customer.customer_id,
            sender=said.customer.address,
            text=said.text,
            received_at=said.said_at,
            subject=said.subject,
            language_hint=said.language_hint,
            second_transcript=said.second_transcript,
            duration_ms=said.duration_ms,
            rating=said.rating,
            content=said.content,
            attachments=said.attachments,
            in_reply_to=said.in_reply_to,
            no_automatic_answer=said.quiet,
        )
    )
    if restriction.applies(command, rules):
        answer = restriction.redirect(command, state, rules)
    else:
        answer = acknowledgement(command, state, answer_due, rules, later=answer_due > usual and not state.opened)
    return [*facts, answer] if answer else facts


def _agent_said(command: RecordAgentMessage, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    said = command.said
    if said.message_id in state.messages:
        return []
    facts = _opening(command, state, rules.answer_due(command.now, said.channel))
    known = state.conversations.get(said.conversation_id)
    return [
        *facts,
        MessageSent(
            case_id=command.case_id,
            message_id=said.message_id,
            conversation_id=said.conversation_id,
            channel=said.channel,
            purpose="agent",
            customer_id=known.customer_id if known else said.customer.customer_id,
            recipient=known.recipient if known else said.customer.address,
            text=said.text,
            said_at=said.said_at,
            delivery="said",
            subject=said.subject,
            channel_message_id=said.channel_message_id,
            second_transcript=said.second_transcript,
            duration_ms=said.duration_ms,
            in_reply_to=known.heard if known else None,
        ),
    ]


def _opening(
    command: ReceiveMessage | RecordAgentMessage, state: IntakeState, answer_due: datetime, surge: Surge | None = None
) -> list[Fact]:
    """The facts before the first thing said: who it is, when new, and the case, when it is not open yet."""
    said = command.said
    facts: list[Fact] = []
    if said.customer.new:
        facts.append(
            CustomerIdentified(
                customer_id=said.customer.customer_id,
                address_kind=said.customer.address_kind,
                address=said.customer.address,
                name=said.customer.name,
            )
        )
    if not state.opened:
        facts.append(
            CaseOpened(
                case_id=command.case_id,
                tracking_code=command.tracking_code,
                customer_id=said.customer.customer_id,
                channel=said.channel,
                conversation_id=said.conversation_id,
                subject=_subject(said),
                received_at=said.said_at,
                answer_due=answer_due,
                surge=surge,
                linked_case_id=command.linked_case_id,
            )
        )
    return facts


def _subject(said: Said) -> str:
    """The customer's own subject, else the first words; a call that an agent begins has only its channel."""
    first = (said.subject or "").strip() or " ".join(said.text.split())
    if not first:
        return said.channel
    return first if len(first) <= SUBJECT_LENGTH else first[: SUBJECT_LENGTH - 1].rstrip() + "…"
