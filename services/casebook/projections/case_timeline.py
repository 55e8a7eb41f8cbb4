"""What happened in this case, who did it, and why? One row an event, in words; rows are only ever added."""

from collections.abc import Sequence
from uuid import UUID

from services.casebook.projections import (
    wording_approvals,
    wording_clocks,
    wording_customers,
    wording_followup,
    wording_intake,
    wording_privacy,
    wording_triage,
)
from services.casebook.projections.projection import Projection
from services.casebook.projections.wording import Said, say
from services.casebook.tables import CASE_TIMELINE
from shared.contracts.event import CaseFact, Fact, Recorded
from shared.contracts.intake import AutomaticMailReceived, MessageReceived, MessageSent
from shared.contracts.intake_conduct import AboutCustomer
from shared.contracts.intake_parties import PartyJoined, StatementMissed
from shared.eventstore.readmodel import Change

# What one customer said or was told: of two parties to a dispute each may see their own.
OfParty = MessageReceived | MessageSent | PartyJoined | StatementMissed
# Importing them fills WORDINGS.
WORDED_IN = (
    wording_intake,
    wording_triage,
    wording_approvals,
    wording_followup,
    wording_clocks,
    wording_customers,
    wording_privacy,
)
TRACE_ID = slice(3, 35)  # of a W3C traceparent

case_timeline = Projection("case_timeline", CASE_TIMELINE)


def unknown(event: Recorded) -> Sequence[Change]:
    """Show an event of a type that this version does not know."""
    case_id = event.stream_id if event.stream_kind == "case" else None
    return (_row(event, case_id, Said(f"{event.type}: this version cannot read it")),)


@case_timeline.on(CaseFact)
def _of_case(event: Recorded, fact: CaseFact) -> Sequence[Change]:
    return (_row(event, fact.case_id, say(fact)),)


def _of_party(event: Recorded, fact: OfParty) -> Sequence[Change]:
    return (_row(event, fact.case_id, say(fact), fact.customer_id),)


case_timeline.on(MessageReceived)(_of_party)
case_timeline.on(MessageSent)(_of_party)
case_timeline.on(PartyJoined)(_of_party)
case_timeline.on(StatementMissed)(_of_party)


@case_timeline.on(AboutCustomer)
def _in_case(event: Recorded, fact: AboutCustomer) -> Sequence[Change]:
    return (_row(event, fact.case_id, say(fact)),)


@case_timeline.on(AutomaticMailReceived)
def _about_case(event: Recorded, fact: AutomaticMailReceived) -> Sequence[Change]:
    return (_row(event, fact.about_case_id, say(fact)),)


@case_timeline.on(Fact)
def _of_none(event: Recorded, fact: Fact) -> Sequence[Change]:
    return (_row(event, None, say(fact)),)


def _row(event: Recorded, case_id: object, said: Said, party: UUID | None = None) -> Change:
    return Change(
        CASE_TIMELINE,
        (event.log, event.log_part, event.position),
        {
            "event_id": event.event_id,
            "case_id": case_id,
            "type": event.type,
            "recorded_at": event.recorded_at,
            "received_at": event.received_at,
            "actor": event.actor,
            "on_behalf_of": event.on_behalf_of,
            "via": event.via,
            "line": said.line,
            "why": said.why,
            "about_id": said.about_id,
            "causation_id": event.causation_id,
            "correlation_id": event.correlation_id,
            "trace_id": event.traceparent and event.traceparent[TRACE_ID],
            "customer_id": party,
        },
    )
