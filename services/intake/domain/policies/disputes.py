"""Two customers against each other: both are heard apart, and both are told the one decision."""

from typing import assert_never
from uuid import uuid5

from services.intake.domain.commands import (
    DisputeCommand,
    JoinDispute,
    OpenDispute,
    PassStatementTime,
    TellDispute,
    Told,
)
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.conduct_checks import either
from services.intake.domain.policies.notices import notice, unreachable
from services.intake.domain.policies.parties import DECISION, Party
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import CustomerIdentified, IntakeAttemptRefused
from shared.contracts.intake_parties import DisputeOpened, PartyJoined, StatementMissed

NOTICE = "dispute_notice"


def dispute(command: DisputeCommand, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Give the facts that a command on a dispute leads to."""
    match command:
        case OpenDispute():
            return _open(command, state, rules)
        case JoinDispute():
            return _join(command, state, rules)
        case PassStatementTime():
            return _pass(command, state)
        case TellDispute():
            return _tell(command, state, rules)
        case _:
            assert_never(command)


def _open(command: OpenDispute, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    before = state.dispute
    if before is not None and before.opened.dispute_id == command.dispute_id:
        return []
    home = state.conversations.get(state.home) if state.home else None
    if refusal := _may_not(command, rules):
        return [refusal]
    if before is not None and not before.decided:
        return [_refused(command, "already_open", "this case has a dispute that is not decided yet")]
    if home is None or state.customer_id is None:
        return [_refused(command, "no_conversation", "the customer has said nothing in this case")]
    return [
        DisputeOpened(
            case_id=command.case_id,
            dispute_id=command.dispute_id,
            claimant_id=state.customer_id,
            matter=command.matter,
            opened_by=command.by,
        ),
        PartyJoined(
            case_id=command.case_id,
            dispute_id=command.dispute_id,
            customer_id=state.customer_id,
            side="claimant",
            conversation_id=home.conversation_id,
            channel=home.channel,
            recipient=home.recipient,
            language=command.language,
            added_by=command.by,
        ),
    ]


def _join(command: JoinDispute, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    open_ = state.dispute
    if refusal := _may_not(command, rules):
        return [refusal]
    if open_ is None or open_.decided:
        return [_refused(command, "no_dispute", "this case has no dispute that waits for another party: open one")]
    who = command.customer
    if who.customer_id == open_.opened.claimant_id:
        return [_refused(command, "own_party", "this customer is the claimant: name the other one")]
    if open_.respondent is not None:
        if open_.respondent.joined.customer_id == who.customer_id:
            return []
        return [_refused(command, "already_joined", "the other party has joined already")]
    if reason := unreachable(command.conversation):
        return [_refused(command, "cannot_be_told", reason)]
    dispute_id, here = open_.opened.dispute_id, command.conversation
    state_by = rules.calendar.add_days(command.now, rules.disputes.statement_working_days)
    facts: list[Fact] = []
    if who.new:
        facts.append(
            CustomerIdentified(
                customer_id=who.customer_id, address_kind=who.address_kind, address=who.address, name=who.name
            )
        )
    facts.append(
        PartyJoined(
            case_id=command.case_id,
            dispute_id=dispute_id,
            customer_id=who.customer_id,
            side="respondent",
            conversation_id=here.conversation_id,
            channel=here.channel,
            recipient=here.recipient,
            language=command.language,
            added_by=command.by,
            state_by=state_by,
        )
    )
    zone = rules.calendar.zone
    asked = Told(here, command.language, state.tracking_code, "")
    claimant = open_.parties[open_.opened.claimant_id]
    for told, template in ((asked, "dispute_statement"), (_where(claimant, state), "dispute_opened")):
        due = rules.replies.of(told.language).instant(state_by, zone)
        about = (command.case_id, uuid5(dispute_id, template), command.now)
        values = {"matter": open_.opened.matter, "due": due}
        facts.append(notice(about, NOTICE, told, template, values, rules))
    return facts


def _pass(command: PassStatementTime, state: IntakeState) -> list[Fact]:
    party = state.dispute.respondent if state.dispute else None
    if party is None or party.statements or party.missed:
        return []
    state_by = party.joined.state_by
    if state_by is None or state_by > command.now:
        return []
    joined = party.joined
    return [
        StatementMissed(
            case_id=command.case_id,
            dispute_id=joined.dispute_id,
            customer_id=joined.customer_id,
            state_by=state_by,
        )
    ]


def _tell(command: TellDispute, state: IntakeState, rules: IntakeRules) -> list[Fact]:
    """Give exactly two messages, one a party; neither names what follows for the other."""
    decided = state.dispute
    if decided is None or decided.opened.dispute_id != command.dispute_id:
        return []
    facts: list[Fact] = []
    for customer_id, party in decided.parties.items():
        message_id = uuid5(command.decision_id, str(customer_id))
        if message_id in state.messages:
            continue
        told = _where(party, state)
        values = {
            "outcome": rules.disputes.outcome(command.outcome, told.language),
            "reason": command.reason,
            "follows": command.to_claimant if party.joined.side == "claimant" else command.to_respondent,
            "appeal": rules.disputes.way_to_appeal(told.language, told.code),
        }
        about = (command.case_id, message_id, command.now)
        facts.append(notice(about, DECISION, told, "dispute_decided", values, rules))
    return facts


def _where(party: Party, state: IntakeState) -> Told:
    """Give where a party wrote last, and nobody else; the case's own subject is the claimant's alone."""
    conversation = state.conversations[party.conversation_id]
    subject = state.subject if party.joined.side == "claimant" else ""
    return Told(conversation, party.joined.language, state.tracking_code, subject)


def _may_not(command: OpenDispute | JoinDispute, rules: IntakeRules) -> Fact | None:
    roles = rules.disputes.roles
    if set(roles) & set(command.roles):
        return None
    return _refused(command, "not_your_role", f"only {either(roles)} may do this")


def _refused(command: OpenDispute | JoinDispute, code: str, reason: str) -> Fact:
    attempt = "open_dispute" if isinstance(command, OpenDispute) else "join_dispute"
    return IntakeAttemptRefused(case_id=command.case_id, attempt=attempt, reason_code=code, reason=reason)
