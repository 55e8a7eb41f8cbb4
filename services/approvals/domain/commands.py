"""What approvals can be asked to do; times, ids and the person's roles ride in the command."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from shared.contracts.approvals_after import Precedent
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.approvals_disputes import Verdict
from shared.contracts.values import ClauseRef, KnownFact, Money


@dataclass(frozen=True, slots=True)
class OfCase:
    """What every command says: which case it is about, and when."""

    case_id: UUID
    now: datetime

    @property
    def stream_id(self) -> UUID:
        return self.case_id


@dataclass(frozen=True, slots=True)
class RequestException(OfCase):
    """Triage proposed a deviation: find who may decide, and let them. `role` is the lowest that the policy lets."""

    exception_id: UUID
    request_id: UUID
    kind: str
    clause: ClauseRef
    deviation: str
    reason: str
    proposed_by: str
    language: str
    amount: Money | None = None
    facts: tuple[KnownFact, ...] = ()
    role: str | None = None


@dataclass(frozen=True, slots=True)
class NoteBoundary(OfCase):
    """A person stated the boundary that a request met."""

    boundary_id: UUID
    request_id: UUID
    stated_by: str


@dataclass(frozen=True, slots=True)
class OnException(OfCase):
    """What people's commands add: who decides, with which roles of the token, on which exception.

    `delegations` are those that people gave to the actor and have not ended.
    """

    actor: str
    roles: tuple[str, ...]
    exception_id: UUID
    delegations: tuple[DelegationGiven, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Approve(OnException):
    """Agree to the deviation. `amount` says how much where the proposal does not; `valid_until` by when it is used."""

    note: str
    on_behalf_of: str | None = None
    conditions: tuple[str, ...] = ()
    amount: Money | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reject(OnException):
    """Say no; the customer is told the reason."""

    reason: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class CounterOffer(OnException):
    """Offer something else instead, worth `amount` where it is worth money."""

    offer: str
    reason: str
    on_behalf_of: str | None = None
    amount: Money | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Withdraw(OnException):
    """Take one's own proposal back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Supersede(OnException):
    """Put another proposal in the place of one's own; what is None stays as it was."""

    superseded_by: UUID
    reason: str
    deviation: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class AnswerCounter(OnException):
    """Note that the customer took (`accepted`) or declined what was offered instead, and in which message."""

    accepted: bool
    message_id: UUID


@dataclass(frozen=True, slots=True)
class UseException(OnException):
    """Note that what was approved has been carried out, and how that is known."""

    evidence: str


@dataclass(frozen=True, slots=True)
class ShowPrecedents(OnException):
    """Record what is shown to somebody who is about to decide."""

    precedents: tuple[Precedent, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """A dispute as intake had it when somebody wanted to decide: its parties, who took part, and who was heard.

    `respondent_id` is None until the other side is named; `state_by` is until when they can answer.
    """

    dispute_id: UUID
    claimant_id: UUID
    respondent_id: UUID | None
    involved: frozenset[str]
    heard: bool
    state_by: datetime | None


@dataclass(frozen=True, slots=True)
class DecideDispute(OfCase):
    """Decide between two customers, once, for both; the texts are what follows for each and only they are told."""

    actor: str
    roles: tuple[str, ...]
    hearing: Hearing
    outcome: Verdict
    reason: str
    to_claimant: str | None = None
    to_respondent: str | None = None


@dataclass(frozen=True, slots=True)
class DeadlinePassed(OfCase):
    """Time has passed: every exception of the case that is overdue at `now` goes one level up, or expires."""


@dataclass(frozen=True, slots=True)
class ValidityEnded(OfCase):
    """Time has passed: every approval and offer of the case that was good until `now` and is not used lapses."""


@dataclass(frozen=True, slots=True)
class OfDelegation:
    """What every command on a delegation says: which, when, who with which roles of the token, and why."""

    delegation_id: UUID
    now: datetime
    actor: str
    roles: tuple[str, ...]
    reason: str

    @property
    def stream_id(self) -> UUID:
        return self.delegation_id


@dataclass(frozen=True, slots=True)
class GiveDelegation(OfDelegation):
    """Let somebody decide with one of one's own roles, on some days, kinds and clauses, up to a cap."""

    delegate: str
    role: str
    first_day: date
    last_day: date
    kinds: tuple[str, ...] = ("*",)
    clauses: tuple[str, ...] = ("*",)
    cap: Money | None = None


@dataclass(frozen=True, slots=True)
class EndDelegation(OfDelegation):
    """End a delegation before its last day."""


Decision = Approve | Reject | CounterOffer
Followed = AnswerCounter | UseException
PersonsCommand = Decision | Withdraw | Supersede | Followed | ShowPrecedents
Command = (
    RequestException
    | NoteBoundary
    | PersonsCommand
    | DecideDispute
    | DeadlinePassed
    | ValidityEnded
    | GiveDelegation
    | EndDelegation
)
