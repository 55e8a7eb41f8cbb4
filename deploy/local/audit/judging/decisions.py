"""Judges approvals' decisions by approvals' own rules: four eyes, authority as of the instant, quorum, once only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from deploy.local.audit.findings import Findings
from services.approvals.domain.commands import Approve, CounterOffer, Decision, Reject
from services.approvals.domain.policies import authority, four_eyes, voice
from services.approvals.domain.policies.authority import AuthorityRules, Refusal
from services.approvals.domain.policies.disputes import MATTER
from services.approvals.domain.state import Exceptions, OpenOrDecided, evolve
from shared.contracts.approvals import (
    ApprovalGiven,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
    RejectionGiven,
)
from shared.contracts.approvals_after import BoundaryNoted, ExceptionSuperseded
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.approvals_disputes import DisputeDecided
from shared.contracts.event import Fact, Recorded
from shared.contracts.values import Authority, Money

SEEN = (
    ExceptionRequested,
    ApprovalGiven,
    RejectionGiven,
    ExceptionApproved,
    ExceptionRejected,
    ExceptionCountered,
    ExceptionWithdrawn,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionSuperseded,
    BoundaryNoted,
    DisputeDecided,
)
FOUR_EYES = ("own_proposal", "own_limit", "already_spoken")
# A command is decided a little before it is recorded; a delegation that ended in between still counted.
SLACK = timedelta(seconds=10)
Voice = ApprovalGiven | RejectionGiven | ExceptionRejected | ExceptionCountered


@dataclass(frozen=True, slots=True)
class Delegated:
    """A delegation as it was recorded: when it was given, and when it was ended, if it was."""

    given: DelegationGiven
    at: datetime
    ended_at: datetime | None = None

    def stood(self, at: datetime) -> bool:
        """Tell whether it stood at an instant."""
        return self.at < at and (self.ended_at is None or at < self.ended_at + SLACK)


class Decisions:
    """Follows the exceptions and disputes of every case, and judges each decision when it comes.

    `rules` are those of one version of the matrix. A decision under another version is judged by what it says of its
    own authority, and noted.
    """

    def __init__(self, findings: Findings, rules: AuthorityRules | None, delegations: Mapping[UUID, Delegated]) -> None:
        self._findings = findings
        self._rules = rules
        self._delegations = delegations
        self._cases: dict[UUID, Exceptions] = {}

    def see(self, event: Recorded) -> None:
        """Judge one event of approvals, and remember what it changes."""
        fact = event.fact
        if fact is None:
            return
        state = self._cases.get(fact.stream_id, Exceptions())
        about = getattr(fact, "exception_id", None)
        waiting = state.by_id.get(about) if about else None
        if about and waiting is None and not isinstance(fact, ExceptionRequested):
            self._findings.at("authority_missing", event, f"exception {about} was never requested")
            return
        if waiting is not None:
            self._on_exception(event, fact, waiting, state)
        elif isinstance(fact, DisputeDecided):
            self._on_dispute(event, fact, state)
        self._cases[fact.stream_id] = evolve(state, fact)

    def _on_exception(self, event: Recorded, fact: Fact, waiting: OpenOrDecided, state: Exceptions) -> None:
        match fact:
            case ApprovalGiven() | RejectionGiven() | ExceptionCountered():
                self._voice(event, fact, waiting, state)
            case ExceptionRejected():
                if not any(_same_voice(no, fact) for no in waiting.noes):
                    self._voice(event, fact, waiting, state)
                elif waiting.decision is not None:
                    self._findings.at("decision_twice", event, "the exception was decided before")
            case ExceptionApproved():
                self._approved(event, fact, waiting)
            case ExceptionWithdrawn(withdrawn_by=who) | ExceptionSuperseded(proposer=who):
                if who != waiting.requested.proposed_by:
                    what = f"{who} took back a proposal of {waiting.requested.proposed_by}"
                    self._findings.at("authority_missing", event, what)
            case _:
                pass

    def _voice(self, event: Recorded, fact: Voice, waiting: OpenOrDecided, state: Exceptions) -> None:
        """Judge one person's word."""
        command = self._command(fact, event.recorded_at)
        stated_by = state.limit_stated_by(waiting.requested.request_id)
        rules = self._rules
        if rules is not None and fact.authority.matrix == rules.matrix.version:
            judged = voice.may_speak(command, waiting, rules, stated_by)
            if isinstance(judged, Refusal):
                self._refused(event, judged)
            elif judged.role != fact.authority.role:
                self._findings.at("authority_missing", event, f"the matrix gives it to {judged.role}")
            return
        self._findings.note(f"authority matrix {fact.authority.matrix} is not at hand: roles were not judged by it")
        who, principal = command.actor, command.on_behalf_of
        refusal = four_eyes.own_proposal(waiting.requested.proposed_by, who, principal)
        refusal = refusal or four_eyes.spoken_already(waiting.heard, who, principal)
        if waiting.decision is not None:
            refusal = Refusal("already_decided", "this exception was decided before")
        refusal = refusal or _beyond_limit(fact, waiting) or self._delegation(event, fact)
        if refusal:
            self._refused(event, refusal)

    def _approved(self, event: Recorded, fact: ExceptionApproved, waiting: OpenOrDecided) -> None:
        if waiting.decision is not None:
            self._findings.at("decision_twice", event, "the exception was decided before")
        agreed = tuple(voice.decided_by for voice in waiting.voices)
        needed = waiting.quorum.needed
        if len(set(agreed)) < needed:
            self._findings.at("quorum_not_met", event, f"{len(set(agreed))} agreed, and {needed} had to")
        elif set(fact.decided_by) != set(agreed):
            said = f"it says that {', '.join(fact.decided_by)} agreed, and {', '.join(agreed)} did"
            self._findings.at("quorum_not_met", event, said)

    def _on_dispute(self, event: Recorded, fact: DisputeDecided, state: Exceptions) -> None:
        if fact.dispute_id in state.disputes:
            self._findings.at("decision_twice", event, "the dispute was decided before")
        elif any(fact.decided_by == before.decided_by for before in state.disputes.values()):
            self._findings.at("four_eyes_broken", event, f"{fact.decided_by} decided before between these customers")
        rules = self._rules
        if rules is None or fact.authority.matrix != rules.matrix.version:
            self._findings.note(f"authority matrix {fact.authority.matrix} is not at hand: roles were not judged by it")
            return
        required, _ = authority.lowest_role(rules.matrix, MATTER)
        judged = authority.authority(rules.matrix, [fact.authority.role], required=required, matter=MATTER)
        if isinstance(judged, Refusal):
            self._refused(event, judged)

    def _delegation(self, event: Recorded, fact: Voice) -> Refusal | None:
        """Judge a decision for somebody else by the delegation that it names."""
        if fact.authority.delegation is None:
            return None
        found = self._delegations.get(fact.authority.delegation)
        if found is None or not found.stood(event.recorded_at):
            return Refusal("no_delegation", f"delegation {fact.authority.delegation} did not stand then")
        given = found.given
        if (given.principal, given.delegate, given.role) != (fact.on_behalf_of, fact.decided_by, fact.authority.role):
            return Refusal("no_delegation", f"delegation {fact.authority.delegation} is not about these two")
        return None

    def _refused(self, event: Recorded, why: Refusal) -> None:
        name = "four_eyes_broken" if why.code in FOUR_EYES else "authority_missing"
        self._findings.at("decision_twice" if why.code == "already_decided" else name, event, why.reason)

    def _command(self, fact: Voice, at: datetime) -> Decision:
        """Give the command that leads to this word, with the role that it was spoken in."""
        who = (fact.case_id, at, fact.decided_by, (fact.authority.role,), fact.exception_id)
        stood = tuple(one.given for one in self._delegations.values() if one.stood(at))
        match fact:
            case ApprovalGiven():
                return Approve(
                    *who, note=fact.note, on_behalf_of=fact.on_behalf_of, amount=fact.amount, delegations=stood
                )
            case ExceptionCountered():
                return CounterOffer(
                    *who,
                    offer=fact.offer,
                    reason=fact.reason,
                    on_behalf_of=fact.on_behalf_of,
                    amount=fact.amount,
                    delegations=stood,
                )
            case _:
                return Reject(*who, reason=fact.reason, on_behalf_of=fact.on_behalf_of, delegations=stood)


def _same_voice(no: RejectionGiven, fact: ExceptionRejected) -> bool:
    return (no.decided_by, no.on_behalf_of) == (fact.decided_by, fact.on_behalf_of)


def _beyond_limit(fact: Voice, waiting: OpenOrDecided) -> Refusal | None:
    amount: Money | None = None
    if isinstance(fact, ApprovalGiven):
        amount = fact.amount or waiting.requested.amount
    elif isinstance(fact, ExceptionCountered):
        amount = fact.amount
    limit = _limit(fact.authority, amount)
    if amount is None or limit is None or amount.amount <= limit.amount:
        return None
    return Refusal("amount_above_limit", f"{authority.money(amount)} is more than {authority.money(limit)}")


def _limit(by: Authority, amount: Money | None) -> Money | None:
    limits = [one for one in (by.limit, *by.limits) if one and amount and one.currency == amount.currency]
    return limits[0] if limits else None
