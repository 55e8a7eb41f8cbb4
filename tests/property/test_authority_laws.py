"""Laws of authority under any history: delegations, shares, replaced and lapsing decisions; judged by an oracle."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals.domain.commands import (
    AnswerCounter,
    Approve,
    Command,
    CounterOffer,
    DeadlinePassed,
    Decision,
    NoteBoundary,
    Reject,
    RequestException,
    Supersede,
    UseException,
    ValidityEnded,
    Withdraw,
)
from services.approvals.domain.decider import make_decider
from services.approvals.domain.policies.consistency import decided_differently
from services.approvals.domain.policies.precedents import Decided, Like, likeness, nearest
from services.approvals.domain.policies.quorum import out_of_reach, share
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
    RejectionGiven,
)
from shared.contracts.approvals_after import (
    CounterAccepted,
    CounterDeclined,
    ExceptionLapsed,
    ExceptionSuperseded,
    ExceptionUsed,
)
from shared.contracts.approvals_delegations import DelegationGiven
from shared.contracts.event import Fact
from shared.contracts.values import Money, Quorum
from tests.support.authority import FINAL, HOLDS, RETURNS, RULES, delegation
from tests.support.decisions import about, decided
from tests.support.exceptions import CASE, EXCEPTION, MONDAY, REQUEST

DECIDER = make_decider(RULES)
LEVELS = {"supervisor": 1, "manager": 2}
LIMITS = {"supervisor": {"USD": Decimal(250), "EUR": Decimal(230)}, "manager": {"USD": Decimal(5000)}}
MANAGERS = ("max", "mia", "moe", "may", "mo")
NEW = [uuid5(EXCEPTION, f"new {number}") for number in range(2)]
ENDINGS = (
    ExceptionApproved
    | ExceptionRejected
    | ExceptionCountered
    | ExceptionWithdrawn
    | ExceptionExpired
    | ExceptionSuperseded
)
OnException = (
    ExceptionRequested
    | ApprovalGiven
    | RejectionGiven
    | ExceptionApproved
    | ExceptionRejected
    | ExceptionCountered
    | ExceptionWithdrawn
    | ExceptionEscalated
    | ExceptionExpired
    | ExceptionSuperseded
    | CounterAccepted
    | CounterDeclined
    | ExceptionUsed
    | ExceptionLapsed
)
Spoken = ApprovalGiven | RejectionGiven | ExceptionRejected | ExceptionCountered

WAYS = [*["yes"] * 6, "no", "no", "counter", "withdraw", "new", "late", "over", "use", "says"]

names = st.sampled_from([*HOLDS])
deciders = st.sampled_from(["sue", "sid", *MANAGERS])
kinds = st.sampled_from(["buyers_remorse", "overly_demanding", "negative_review", "policy_restriction"])
amounts = st.one_of(
    st.none(),
    st.builds(
        Money,
        amount=st.sampled_from([Decimal(n) for n in (0, 100, 230, 231, 250, 251, 5000, 5001)]),
        currency=st.sampled_from(["USD", "EUR", "JPY"]),
    ),
)
ids = st.sampled_from([*[EXCEPTION] * 5, *NEW])
instants = st.sampled_from([0, 1, 2, 3, 5, 24, 30, 50, 120]).map(lambda hours: MONDAY + timedelta(hours=hours))


@st.composite
def delegations(draw: st.DrawFn) -> DelegationGiven:
    cap = draw(st.sampled_from([None, None, Money(amount=Decimal(100), currency="USD")]))
    first = date(2026, 11, draw(st.sampled_from([20, 22, 23, 24])))
    return delegation(
        draw(deciders),
        draw(names),
        draw(st.sampled_from(["supervisor", "manager", "manager"])),
        kinds=draw(st.sampled_from([("*",), ("*",), ("buyers_remorse",), ("overly_demanding", "negative_review")])),
        clauses=draw(st.sampled_from([("*",), ("*",), ("shop/returns",), ("shop/final",)])),
        cap=cap,
        days=(first, first + timedelta(days=draw(st.integers(0, 4)))),
    )


@st.composite
def speakers(draw: st.DrawFn) -> tuple[str, str | None, tuple[DelegationGiven, ...]]:
    """Give who speaks, for whom, and what was found of delegations to them, which may not be what is needed."""
    if draw(st.booleans()):
        return draw(st.one_of(deciders, deciders, names)), None, ()
    given_ = draw(delegations())
    principal = draw(st.sampled_from([*[given_.principal] * 4, "max", "sue"]))
    others = [one for one in draw(st.lists(delegations(), max_size=2)) if one.delegate == given_.delegate]
    return given_.delegate, principal, (given_, *others)


@st.composite
def requests(draw: st.DrawFn) -> RequestException:
    return RequestException(
        CASE,
        MONDAY,
        EXCEPTION,
        REQUEST,
        draw(kinds),
        draw(st.sampled_from([RETURNS, FINAL])),
        "full refund",
        "loyal",
        draw(st.sampled_from(["rules", "ana", "ana", "sue", "max"])),
        "en",
        draw(amounts),
    )


@st.composite
def attempts(draw: st.DrawFn) -> Command:
    now, about_ = draw(instants), draw(ids)
    actor, principal, found = draw(speakers())
    roles, until = HOLDS[actor], draw(st.one_of(st.none(), instants))
    amount = draw(st.one_of(st.none(), st.none(), amounts))
    match draw(
        st.sampled_from([*["yes"] * 5, "no", "no", "counter", "withdraw", "new", "late", "over", "use", "says"])
    ):
        case "yes":
            return Approve(CASE, now, actor, roles, about_, "note", principal, (), amount, until, delegations=found)
        case "no":
            return Reject(CASE, now, actor, roles, about_, "reason", principal, delegations=found)
        case "counter":
            return CounterOffer(
                CASE, now, actor, roles, about_, "offer", "reason", principal, amount, until, delegations=found
            )
        case "withdraw":
            return Withdraw(CASE, now, draw(st.sampled_from(["ana", "sue", "max"])), roles, about_, "reason")
        case "new":
            new_id = draw(st.sampled_from(NEW))
            return Supersede(CASE, now, draw(st.sampled_from(["ana", "sue"])), (), about_, new_id, "why", None, amount)
        case "late":
            return DeadlinePassed(CASE, now)
        case "over":
            return ValidityEnded(CASE, now)
        case "use":
            return UseException(CASE, now, actor, roles, about_, "evidence")
        case _:
            return AnswerCounter(CASE, now, actor, roles, about_, draw(st.booleans()), REQUEST)


histories = st.tuples(requests(), st.lists(attempts(), min_size=4, max_size=16))


def played(first: RequestException, others: list[Command]) -> list[tuple[Command, Fact]]:
    """Carry out what goes through, one after another; what concerns an unknown exception is left out."""
    state, facts = DECIDER.initial, []
    for command in [first, *others]:
        if getattr(command, "exception_id", EXCEPTION) not in {*state.by_id, first.exception_id}:
            continue
        for fact in DECIDER.decide(command, state):
            state = DECIDER.evolve(state, fact)
            facts.append((command, fact))
    return facts


def granted_within(role: str, amount: Money | None) -> bool:
    """Tell, from the limits alone, whether a role may grant an amount."""
    if amount is None:
        return True
    limit = LIMITS[role].get(amount.currency)
    return role == "manager" if limit is None else amount.amount <= limit


def covers(one: DelegationGiven, command: Decision, asked: ExceptionRequested, role: str, amount: Money | None) -> bool:
    """Tell whether a delegation allows this decision, on this amount, with this role, on that day."""
    clause = f"{asked.clause.policy}/{asked.clause.clause}"
    in_days = one.first_day <= command.now.date() <= one.last_day
    in_scope = (asked.kind in one.kinds or "*" in one.kinds) and (clause in one.clauses or "*" in one.clauses)
    in_cap = one.cap is None or all(
        worth.currency == one.cap.currency and worth.amount <= one.cap.amount
        for worth in (asked.amount, amount)
        if worth is not None
    )
    people = (one.principal, one.delegate) == (command.on_behalf_of, command.actor)
    return people and in_days and in_scope and in_cap and one.role == role


@given(histories)
@settings(max_examples=200, deadline=None)
def test_nobody_speaks_without_authority_of_their_own_or_given_to_them(
    history: tuple[RequestException, list[Command]],
) -> None:
    asked: dict[UUID, ExceptionRequested] = {}
    required: dict[UUID, str] = {}
    for command, fact in played(*history):
        if isinstance(fact, ExceptionRequested):
            asked[fact.exception_id] = fact
            required[fact.exception_id] = fact.required_role
        if isinstance(fact, ExceptionEscalated):
            required[fact.exception_id] = fact.required_role
        if not isinstance(fact, Spoken):
            continue
        assert isinstance(command, Approve | Reject | CounterOffer)
        role, waiting = fact.authority.role, asked[fact.exception_id]
        amount = fact.amount if isinstance(fact, ApprovalGiven | ExceptionCountered) else None
        if command.on_behalf_of is None:
            assert role in HOLDS[command.actor]
        else:
            assert any(covers(one, command, waiting, role, amount) for one in command.delegations)
        assert LEVELS[role] >= LEVELS[required[fact.exception_id]]
        if waiting.clause == FINAL:
            assert role == "manager"
        if isinstance(fact, ApprovalGiven | ExceptionCountered):
            assert granted_within(role, fact.amount)


@given(histories)
@settings(max_examples=200, deadline=None)
def test_the_proposer_never_decides_and_nobody_counts_twice(history: tuple[RequestException, list[Command]]) -> None:
    for exception_id, facts in _by_exception(history).items():
        voices = [fact for fact in facts if isinstance(fact, ApprovalGiven | RejectionGiven)]
        people = [name for voice in voices for name in (voice.decided_by, voice.on_behalf_of) if name]
        assert len(people) == len(set(people)), exception_id
        for fact in facts:
            if isinstance(fact, Spoken):
                assert history[0].proposed_by not in (fact.decided_by, fact.on_behalf_of)
            if isinstance(fact, ExceptionApproved):
                assert history[0].proposed_by not in fact.decided_by


@given(histories)
@settings(max_examples=200, deadline=None)
def test_an_approval_has_as_many_voices_of_those_eligible_as_were_asked_for(
    history: tuple[RequestException, list[Command]],
) -> None:
    others = [name for name in MANAGERS if name != history[0].proposed_by]
    share_of = {"overly_demanding": -(-60 * len(others) // 100), "negative_review": 2}
    eligible = {"overly_demanding": set(others), "negative_review": {"max", "mia", "moe"}}.get(history[0].kind)
    for facts in _by_exception(history).values():
        for fact in facts:
            if isinstance(fact, ExceptionEscalated):
                break
            if isinstance(fact, ExceptionApproved):
                assert len(fact.decided_by) >= share_of.get(history[0].kind, 1)
            if isinstance(fact, Spoken) and eligible is not None:
                assert (fact.on_behalf_of or fact.decided_by) in eligible


@given(histories)
@settings(max_examples=200, deadline=None)
def test_what_has_ended_is_never_approved(history: tuple[RequestException, list[Command]]) -> None:
    over = (ExceptionSuperseded, ExceptionWithdrawn, ExceptionRejected, ExceptionCountered, ExceptionLapsed)
    for facts in _by_exception(history).values():
        ended = [number for number, fact in enumerate(facts) if isinstance(fact, over)]
        after = facts[ended[0] + 1 :] if ended else []
        assert not any(isinstance(fact, ApprovalGiven | ExceptionApproved) for fact in after)
        assert sum(isinstance(fact, ENDINGS) for fact in facts) <= 1
        assert sum(isinstance(fact, CounterAccepted | ExceptionUsed | ExceptionLapsed) for fact in facts) <= 1
        for number, fact in enumerate(facts):
            if isinstance(fact, ExceptionUsed | CounterAccepted):
                decision = ExceptionApproved if isinstance(fact, ExceptionUsed) else ExceptionCountered
                assert any(isinstance(before, decision) for before in facts[:number])


@given(requests(), st.lists(st.one_of(instants.map(lambda at: DeadlinePassed(CASE, at)),
                                      instants.map(lambda at: ValidityEnded(CASE, at)))))  # fmt: skip
def test_silence_never_approves(first: RequestException, silent: list[Command]) -> None:
    told = [fact for _, fact in played(first, silent)]
    assert not any(isinstance(fact, ApprovalGiven | ExceptionApproved | ExceptionCountered) for fact in told)


@given(requests(), names)
def test_who_stated_the_limit_does_not_decide(first: RequestException, who: str) -> None:
    state = DECIDER.initial
    for command in (first, NoteBoundary(CASE, MONDAY, EXCEPTION, REQUEST, who)):
        state = DECIDER.fold(DECIDER.decide(command, state), state)
    for speaks in (
        Approve(CASE, MONDAY, who, HOLDS[who], EXCEPTION, "note"),
        Reject(CASE, MONDAY, who, HOLDS[who], EXCEPTION, "reason"),
    ):
        [fact] = DECIDER.decide(speaks, state)
        assert isinstance(fact, ApprovalsAttemptRefused)


@given(st.integers(1, 100), st.integers(1, 100), st.integers(1, 60), st.integers(0, 20))
def test_a_share_rises_with_the_percent_and_with_the_people(one: int, other: int, people: int, more: int) -> None:
    low, high = sorted((one, other))
    assert share(low, people) <= share(high, people)
    assert share(low, people) <= share(low, people + more)
    assert 1 <= share(low, people) <= people
    assert share(low, people) * 100 >= low * people


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=5))
def test_a_quorum_is_out_of_reach_exactly_when_all_the_rest_agreeing_would_not_do(
    needed: int, said: list[bool]
) -> None:
    asked = Quorum(kind="n", needed=needed, named=MANAGERS)
    heard, agreed = set(MANAGERS[: len(said)]), sum(said)
    assert out_of_reach(asked, agreed, heard) == (agreed + (5 - len(said)) < needed)


some = st.builds(
    about,
    st.sampled_from(["returns", "final"]),
    st.sampled_from(["buyers_remorse", "other"]),
    amounts,
    tone=st.sampled_from(["calm", "angry"]),
)
decisions = st.lists(
    st.tuples(some, st.sampled_from(["approved", "rejected", "countered"]), st.sampled_from(["supervisor", "manager"])),
    max_size=14,
).map(lambda drawn: [decided(n, like, outcome, role=role) for n, (like, outcome, role) in enumerate(drawn)])


@given(some, some)
def test_likeness_is_the_same_both_ways_and_whole_only_for_the_same(one: Like, other: Like) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert likeness(one, one).score == 1
    assert 0 <= likeness(one, other).score <= 1


@given(some, decisions, st.integers(1, 6))
def test_nothing_left_out_is_more_alike_than_what_is_shown(mine: Like, known: list[Decided], k: int) -> None:
    shown = nearest(EXCEPTION, mine, known, k)
    scores = [one.similarity for one in shown]
    assert scores == sorted(scores, reverse=True)
    assert len(shown) <= k
    left = [one for one in known if one.exception_id not in {each.exception_id for each in shown}]
    related = [
        likeness(mine, one.about).score
        for one in left
        if one.about.kind == mine.kind or one.about.clause == mine.clause
    ]
    assert not related or (len(shown) == k and max(related) <= scores[-1])


@given(decisions)
def test_every_pair_decided_differently_is_in_one_group_and_nobody_else(known: list[Decided]) -> None:
    groups = [{one.exception_id for one in group.decisions} for group in decided_differently(known)]
    paired = set()
    for one in known:
        for other in known:
            if _alike(one, other) and one.outcome != other.outcome:
                paired |= {one.exception_id, other.exception_id}
                assert any({one.exception_id, other.exception_id} <= group for group in groups)
    assert set().union(*groups) == paired
    assert sum(map(len, groups)) == len(paired)


def _alike(one: Decided, other: Decided) -> bool:
    first, second = one.about.amount, other.about.amount
    if (one.about.clause, one.about.kind, one.role) != (other.about.clause, other.about.kind, other.role):
        return False
    if first is None or second is None:
        return first is second
    if first.currency != second.currency:
        return False
    return max(first.amount, second.amount) <= 2 * min(first.amount, second.amount)


def _by_exception(history: tuple[RequestException, list[Command]]) -> dict[UUID, list[Fact]]:
    found: dict[UUID, list[Fact]] = {}
    for _, fact in played(*history):
        if not isinstance(fact, ApprovalsAttemptRefused):
            assert isinstance(fact, OnException)
            found.setdefault(fact.exception_id, []).append(fact)
    return found
