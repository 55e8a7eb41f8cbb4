"""Laws of approvals under any sequence of attempts, judged by an oracle that does not share the rules' code."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals.domain.commands import (
    Approve,
    Command,
    CounterOffer,
    DeadlinePassed,
    Reject,
    RequestException,
    Withdraw,
)
from services.approvals.domain.decider import make_decider
from shared.contracts.approvals import (
    ApprovalGiven,
    ApprovalsAttemptRefused,
    ExceptionApproved,
    ExceptionCountered,
    ExceptionEscalated,
    ExceptionExpired,
    ExceptionRejected,
    ExceptionRequested,
    ExceptionWithdrawn,
)
from shared.contracts.event import Fact
from shared.contracts.values import Money
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, PEOPLE, RULES, request

DECIDER = make_decider(RULES)
ENDINGS = (ExceptionApproved, ExceptionRejected, ExceptionCountered, ExceptionWithdrawn, ExceptionExpired)
LIMITS = {"lead": Decimal(50), "supervisor": Decimal(250), "manager": Decimal(5000)}
LEVELS = {"lead": 1, "supervisor": 2, "manager": 3}
DELEGATED = {("max", "ana"): "manager", ("sue", "ben"): "supervisor"}

names = st.sampled_from(sorted(PEOPLE))
amounts = st.one_of(
    st.none(),
    st.builds(
        Money,
        amount=st.sampled_from([Decimal(n) for n in (0, 50, 51, 250, 251, 1000, 1001, 5000, 5001)]),
        currency=st.sampled_from(["USD", "USD", "EUR"]),
    ),
)
kinds = st.sampled_from(["buyers_remorse", "product_or_service_failure", "customer_dispute", "policy_restriction"])


@st.composite
def requests(draw: st.DrawFn) -> RequestException:
    return request(draw(amounts), draw(kinds), draw(st.sampled_from(["rules", "ana", "sue", "max"])))


@st.composite
def attempts(draw: st.DrawFn) -> Command:
    now, actor = MONDAY + timedelta(hours=draw(st.integers(0, 100))), draw(names)
    roles, principal = PEOPLE[actor], draw(st.one_of(st.none(), names))
    match draw(st.sampled_from(["approve", "approve", "approve", "reject", "counter", "withdraw", "late"])):
        case "approve":
            return Approve(CASE, now, actor, roles, EXCEPTION, "note", principal, (), draw(amounts))
        case "reject":
            return Reject(CASE, now, actor, roles, EXCEPTION, "reason", principal)
        case "counter":
            return CounterOffer(CASE, now, actor, roles, EXCEPTION, "offer", "reason", principal, draw(amounts))
        case "withdraw":
            return Withdraw(CASE, now, actor, roles, EXCEPTION, "reason")
        case _:
            return DeadlinePassed(CASE, now)


def played(commands: list[Command]) -> list[tuple[Command, Fact]]:
    """Carry out commands one after another; give each fact with the command that led to it."""
    state, facts = DECIDER.initial, []
    for command in commands:
        for fact in DECIDER.decide(command, state):
            state = DECIDER.evolve(state, fact)
            facts.append((command, fact))
    return facts


def may_grant(role: str, amount: Money | None) -> bool:
    """Tell, from the limits alone, whether a role may grant an amount."""
    if amount is None:
        return True
    return amount.amount <= LIMITS[role] if amount.currency == "USD" else role == "manager"


@given(requests(), st.lists(attempts(), max_size=14))
@settings(max_examples=400)
def test_whoever_granted_had_role_and_limit_at_that_instant(first: RequestException, others: list[Command]) -> None:
    required = ""
    for command, fact in played([first, *others]):
        if isinstance(fact, ExceptionRequested | ExceptionEscalated):
            required = fact.required_role
        if not isinstance(fact, ApprovalGiven | ExceptionCountered):
            continue
        assert isinstance(command, Approve | CounterOffer)
        roles = PEOPLE[command.actor]
        if command.on_behalf_of is not None:
            roles = (DELEGATED[(command.on_behalf_of, command.actor)],)
            if command.actor == "ana":
                assert command.now.date() <= date(2026, 11, 23)
        assert fact.authority.role in roles
        assert LEVELS[fact.authority.role] >= LEVELS[required]
        assert may_grant(fact.authority.role, fact.amount)
        assert (fact.authority.role != "lead") or first.kind == "product_or_service_failure"


@given(requests(), st.lists(attempts(), max_size=14))
@settings(max_examples=400)
def test_nobody_approves_their_own_proposal_or_counts_twice(first: RequestException, others: list[Command]) -> None:
    facts = [fact for _, fact in played([first, *others])]
    voices = [fact for fact in facts if isinstance(fact, ApprovalGiven)]
    people = [name for voice in voices for name in (voice.decided_by, voice.on_behalf_of) if name]
    assert first.proposed_by not in people
    assert len(people) == len(set(people))
    for fact in facts:
        if isinstance(fact, ExceptionRejected | ExceptionCountered):
            assert first.proposed_by not in (fact.decided_by, fact.on_behalf_of)
        if isinstance(fact, ExceptionApproved):
            assert fact.decided_by == tuple(voice.decided_by for voice in voices)
            large = fact.amount is not None and (fact.amount.currency != "USD" or fact.amount.amount > 1000)
            assert len(voices) >= (2 if large or first.kind == "policy_restriction" else 1)


@given(requests(), st.lists(attempts(), max_size=14))
@settings(max_examples=400)
def test_a_decided_exception_never_changes(first: RequestException, others: list[Command]) -> None:
    facts = [fact for _, fact in played([first, *others])]
    ended = [number for number, fact in enumerate(facts) if isinstance(fact, ENDINGS)]
    assert len(ended) <= 1
    if ended:
        assert all(isinstance(fact, ApprovalsAttemptRefused) for fact in facts[ended[0] + 1 :])


@given(requests(), st.lists(attempts(), max_size=8))
def test_the_same_command_twice_adds_no_decision(first: RequestException, others: list[Command]) -> None:
    once = played([first, *others])
    twice = played([command for command in [first, *others] for _ in range(2) if not _late(command)])
    repeated = [fact for _, fact in twice if not isinstance(fact, ApprovalsAttemptRefused)]
    in_time = played([command for command in [first, *others] if not _late(command)])
    assert repeated == [fact for _, fact in in_time if not isinstance(fact, ApprovalsAttemptRefused)]
    assert played([first, first]) == once[:1]


@given(requests(), st.integers(0, 400))
def test_silence_never_approves(first: RequestException, hours: int) -> None:
    late: list[Command] = [DeadlinePassed(CASE, MONDAY + timedelta(hours=n)) for n in range(0, hours, 7)]
    assert not any(isinstance(fact, ExceptionApproved | ApprovalGiven) for _, fact in played([first, *late]))


def _late(command: Command) -> bool:
    return isinstance(command, DeadlinePassed)
