"""Promises: none without backing, kept with evidence, moved or dropped only with a reason."""

from typing import assert_never
from uuid import UUID

from services.followup.domain.commands import (
    KeepPromise,
    MakePromise,
    PromiseCommand,
    ReleasePromise,
    RenegotiatePromise,
)
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.domain.policies.settling import reopened, resolved
from services.followup.domain.state import Followup, Promise, evolve
from shared.contracts.event import Fact
from shared.contracts.followup import (
    FollowupAttemptRefused,
    Owed,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.contracts.followup_found import PromiseFound
from shared.contracts.values import Backing
from shared.kernel.errors import NotFound

ATTEMPTS: dict[type[MakePromise | PromiseCommand], str] = {
    MakePromise: "make_promise",
    KeepPromise: "keep_promise",
    RenegotiatePromise: "renegotiate_promise",
    ReleasePromise: "release_promise",
}


def make(command: MakePromise, state: Followup, rules: FollowupRules, found: PromiseFound | None = None) -> list[Fact]:
    """Make a promise that a clause stated or a decision taken in this case backs; anything else is refused.

    One that was `found` in what we said counts as made by who said it, and may be due already.
    """
    if state.customer_id is None:
        raise NotFound("there is no such case here", field="case_id", fix="check the case id")
    if command.promise_id in state.promises:
        return []
    if state.status == "closed":
        return _refused(command, "case_closed", "the case is closed; promise in the case that was opened after it")
    backing = _backing(command.backing, state.backings)
    if backing is None:
        known = ", ".join(sorted(f"{each.kind} {each.reference}" for each in state.backings)) or "nothing yet"
        return _refused(
            command, "unbacked", f"no clause stated or decision taken in this case backs it; there is {known}"
        )
    due = rules.promise_due(command.now, backing.kind, None) if command.due is None else command.due
    if due <= command.now and found is None:
        return _refused(command, "due_not_later", "the due time is not in the future")
    since = found.said_at if found else command.now
    owed = Owed(
        promise_id=command.promise_id,
        what=command.what,
        due=due,
        at_risk_from=rules.at_risk_from(since, due) if due > since else due,
        made_by=found.said_by if found else command.actor,
    )
    promise = made(command.case_id, state.customer_id, owed, backing)
    if found:
        promise = promise.model_copy(update={"found_in": found.message_id, "said_at": found.said_at})
    return [*reopened(command.case_id, state, "a promise was made"), promise]


def made(case_id: UUID, customer_id: UUID, owed: Owed, backing: Backing) -> PromiseMade:
    """Give the fact that we now owe it to this customer."""
    return PromiseMade(
        case_id=case_id,
        promise_id=owed.promise_id,
        customer_id=customer_id,
        what=owed.what,
        due=owed.due,
        at_risk_from=owed.at_risk_from,
        backing=backing,
        made_by=owed.made_by,
    )


def change(command: PromiseCommand, state: Followup, rules: FollowupRules) -> list[Fact]:
    """Keep, move or release a promise; the last one that is over resolves a case in which nothing else is open.

    Raises NotFound for a promise that the case does not have.
    """
    promise = state.promises.get(command.promise_id)
    if promise is None:
        raise NotFound("this case has no such promise", field="promise_id", fix="list the case's promises")
    match command:
        case KeepPromise():
            return _over(command, state, rules, _keep(command, promise))
        case RenegotiatePromise():
            return _renegotiate(command, promise, rules)
        case ReleasePromise():
            return _over(command, state, rules, _release(command, promise))
        case _:
            assert_never(command)


def _keep(command: KeepPromise, promise: Promise) -> list[Fact]:
    kept_at = command.kept_at or command.now
    if not promise.open:
        return _refused(command, f"already_{promise.status}", f"the promise is {promise.status} already")
    if kept_at > command.now:
        return _refused(command, "kept_in_future", "a promise cannot be kept at a time that has not come yet")
    return [
        PromiseKept(
            case_id=command.case_id,
            promise_id=command.promise_id,
            evidence=command.evidence,
            kept_at=kept_at,
            late=kept_at > promise.due,
        )
    ]


def _renegotiate(command: RenegotiatePromise, promise: Promise, rules: FollowupRules) -> list[Fact]:
    if not promise.open:
        return _refused(command, f"already_{promise.status}", f"the promise is {promise.status} already")
    if command.due <= command.now:
        return _refused(command, "due_not_later", "the new due time is not in the future")
    return [
        PromiseRenegotiated(
            case_id=command.case_id,
            promise_id=command.promise_id,
            due_before=promise.due,
            due=command.due,
            at_risk_from=rules.at_risk_from(command.now, command.due),
            reason=command.reason,
        )
    ]


def _release(command: ReleasePromise, promise: Promise) -> list[Fact]:
    if not promise.open:
        return _refused(command, f"already_{promise.status}", f"the promise is {promise.status} already")
    return [PromiseReleased(case_id=command.case_id, promise_id=command.promise_id, reason=command.reason)]


def _over(
    command: KeepPromise | ReleasePromise, state: Followup, rules: FollowupRules, facts: list[Fact]
) -> list[Fact]:
    for fact in facts:
        state = evolve(state, fact)
    if isinstance(facts[-1], FollowupAttemptRefused) or not state.settled_but_for_silence:
        return facts
    how = "every promise is kept or released"
    return [*facts, *resolved(command.case_id, command.now, state, rules, how=how, by=command.actor)]


def _backing(asked: Backing, known: frozenset[Backing]) -> Backing | None:
    """Find what backs a promise; without a version asked for, the latest one stated."""
    fitting = [
        each
        for each in known
        if (each.kind, each.reference) == (asked.kind, asked.reference) and asked.version in (None, each.version)
    ]
    return max(fitting, key=lambda each: each.version or "", default=None)


def _refused(command: MakePromise | PromiseCommand, reason_code: str, reason: str) -> list[Fact]:
    return [
        FollowupAttemptRefused(
            case_id=command.case_id,
            promise_id=command.promise_id,
            attempt=ATTEMPTS[type(command)],
            reason_code=reason_code,
            reason=reason,
        )
    ]
