"""Who may hold and erase a customer's data, and what stands against it: holds, open cases, duties to keep."""

from collections.abc import Sequence
from datetime import date

from services.intake.domain.commands.privacy import (
    Erase,
    EraseFromCase,
    FinishErasure,
    KeptCase,
    OfData,
    PlaceHold,
    PrivacyCommand,
    ReleaseHold,
)
from services.intake.domain.policies.conduct_checks import either
from services.intake.domain.policies.keeping import Keeping
from services.intake.domain.policies.retention import RetentionRules, duties
from services.intake.domain.state import IntakeState
from shared.contracts.event import Fact
from shared.contracts.intake import MessageUndelivered
from shared.contracts.intake_privacy import (
    CaseErased,
    CustomerErased,
    ErasureApproved,
    ErasureRequested,
    HoldPlaced,
    HoldReleased,
    PrivacyRefused,
)
from shared.kernel.errors import NotFound
from shared.kernel.worktime import Calendar

ATTEMPTS = {PlaceHold: "place_hold", ReleaseHold: "release_hold", Erase: "erase"}
NOT_TOLD = "the customer was erased"


def privacy(command: PrivacyCommand, state: IntakeState, rules: RetentionRules, calendar: Calendar) -> list[Fact]:
    """Give the facts that a command leads to; raises NotFound for a hold that never was."""
    match command:
        case PlaceHold():
            return _place(command, state.keeping, rules, calendar)
        case ReleaseHold():
            return _release(command, state.keeping, rules)
        case Erase():
            return _erase(command, state.keeping, rules, calendar)
        case FinishErasure():
            return _finish(command, state.keeping)
        case EraseFromCase():
            return _from_case(command, state)


def obstacle(
    command: OfData, state: Keeping, cases: Sequence[KeptCase], rules: RetentionRules, calendar: Calendar
) -> PrivacyRefused | None:
    """Say what stands against erasing a customer now, as a refusal of the command; None where nothing does."""
    today = calendar.local_date(command.now)
    if holds := state.holding(today):
        ends = [hold.until for hold in holds if hold.until is not None]
        by = ", ".join(sorted({hold.placed_by for hold in holds}))
        number = "a legal hold is" if len(holds) == 1 else f"{len(holds)} legal holds are"
        reason = f"{number} in force, placed by {by}"
        law = "GDPR Article 17(3)(e): legal claims"
        return _refused(command, "hold", reason, rules, law, _next(max(ends)) if len(ends) == len(holds) else None)
    waiting = [case for case in cases if not case.closed]
    if waiting and rules.open_cases == "keep":
        number = "a case is" if len(waiting) == 1 else f"{len(waiting)} cases are"
        reason = f"{number} not closed yet: the data is needed to settle the matter"
        return _refused(command, "case_open", reason, rules, "GDPR Article 17(1)(a)")
    if running := duties(cases, rules, calendar, today):
        first = running[0]
        received = calendar.local_date(first.case.received_at)
        reason = (
            f"{first.schedule.category} ({first.schedule.jurisdiction}) of {received}: kept for"
            f" {_long(first.schedule.keep.model_dump())}; cases under a duty: {len({d.case.case_id for d in running})}"
        )
        return _refused(command, "retention_duty", reason, rules, first.schedule.law, first.until)
    return None


def _place(command: PlaceHold, state: Keeping, rules: RetentionRules, calendar: Calendar) -> list[Fact]:
    if command.hold_id in state.holds or command.hold_id in state.released:
        return []
    if not set(rules.roles.hold) & set(command.roles):
        return [_not_theirs(command, rules.roles.hold, rules)]
    if state.approved is not None:
        return [_refused(command, "erasure_began", "the erasure of this customer has begun", rules)]
    today = calendar.local_date(command.now)
    if command.until is not None and command.until < today:
        return [_refused(command, "wrong_day", f"the last day of a hold must not be before {today}", rules)]
    return [
        HoldPlaced(
            customer_id=command.customer_id,
            hold_id=command.hold_id,
            reason=command.reason,
            basis=command.basis,
            placed_by=command.by,
            until=command.until,
        )
    ]


def _release(command: ReleaseHold, state: Keeping, rules: RetentionRules) -> list[Fact]:
    hold = state.holds.get(command.hold_id)
    if hold is None:
        if command.hold_id in state.released:
            return []
        raise NotFound("there is no such hold on this customer", field="hold_id", fix="read the customer's privacy")
    if not set(rules.roles.hold) & set(command.roles):
        return [_not_theirs(command, rules.roles.hold, rules)]
    if hold.placed_by == command.by:
        return [_refused(command, "own_hold", "you placed this hold: somebody else must release it", rules)]
    return [
        HoldReleased(customer_id=command.customer_id, hold_id=command.hold_id, why=command.why, released_by=command.by)
    ]


def _erase(command: Erase, state: Keeping, rules: RetentionRules, calendar: Calendar) -> list[Fact]:
    if state.approved is not None:
        return []
    approves = bool(set(rules.roles.approve) & set(command.roles))
    if not approves and not set(rules.roles.ask) & set(command.roles):
        return [_not_theirs(command, (*rules.roles.ask, *rules.roles.approve), rules)]
    if refusal := obstacle(command, state, command.cases, rules, calendar):
        return [refusal]
    asked: list[Fact] = []
    request = state.requested
    if request is None:
        request = ErasureRequested(
            customer_id=command.customer_id,
            erasure_id=command.erasure_id,
            ground=command.ground,
            asked_on=command.asked_on,
            requested_by=command.by,
        )
        asked = [request]
    if not approves:
        return asked
    approved = ErasureApproved(
        customer_id=command.customer_id,
        erasure_id=request.erasure_id,
        ground=request.ground,
        approved_by=command.by,
        policy=rules.version,
        cases=tuple(case.case_id for case in command.cases),
        mails=command.mails,
    )
    return [*asked, approved]


def _finish(command: FinishErasure, state: Keeping) -> list[Fact]:
    if state.approved is None or state.erased:
        return []
    erasure_id = state.approved.erasure_id
    return [CustomerErased(customer_id=command.customer_id, erasure_id=erasure_id, cases=command.cases)]


def _from_case(command: EraseFromCase, state: IntakeState) -> list[Fact]:
    """Say so in the case; what still waited to be delivered to this customer never will be."""
    if command.customer_id in state.erased:
        return []
    theirs = {key for key, one in state.conversations.items() if one.customer_id == command.customer_id}
    given_up: list[Fact] = [
        MessageUndelivered(case_id=command.case_id, message_id=message_id, attempts=0, reason=NOT_TOLD)
        for message_id, became in state.sent.items()
        if became == "queued" and state.messages[message_id] in theirs
    ]
    erased = CaseErased(
        case_id=command.case_id,
        customer_id=command.customer_id,
        erasure_id=command.erasure_id,
        own=command.customer_id == state.customer_id,
    )
    return [*given_up, erased]


def _not_theirs(command: OfData, roles: Sequence[str], rules: RetentionRules) -> PrivacyRefused:
    return _refused(command, "not_your_role", f"only {either(roles)} may do this", rules)


def _refused(
    command: OfData,
    code: str,
    reason: str,
    rules: RetentionRules,
    law: str | None = None,
    possible_on: date | None = None,
) -> PrivacyRefused:
    return PrivacyRefused(
        customer_id=command.customer_id,
        attempt=ATTEMPTS.get(type(command), "erase"),
        reason_code=code,
        reason=reason,
        policy=rules.version,
        law=law,
        possible_on=possible_on,
    )


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _long(keep: dict[str, int]) -> str:
    return next(f"{number} {unit}" for unit, number in keep.items() if number)
