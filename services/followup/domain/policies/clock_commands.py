"""What people may do to a clock: let it stand still with a reason, let it run again, give it another target."""

from typing import assert_never

from services.followup.domain.commands import ClockCommand, PauseClock, ResumeClock, RetargetClock
from services.followup.domain.policies.clock_rules import ClockRules
from services.followup.domain.policies.clock_state import Clock
from services.followup.domain.policies.clocks import by_person, changed
from services.followup.domain.state import Followup
from shared.contracts.event import Fact
from shared.contracts.followup import FollowupAttemptRefused
from shared.contracts.followup_clocks import ClockChange, TimeTarget
from shared.kernel.errors import NotFound

MAY_RETARGET = frozenset({"supervisor", "manager"})
ATTEMPTS: dict[type[ClockCommand], str] = {
    PauseClock: "pause_clock",
    ResumeClock: "resume_clock",
    RetargetClock: "retarget_clock",
}


def move(command: ClockCommand, state: Followup, rules: ClockRules) -> list[Fact]:
    """Pause, resume or retarget a clock of the case; what does not fit how it stands is refused, and on record.

    Raises NotFound for a clock that the case does not have.
    """
    clock = state.clocks.of(command.clock)
    if clock is None:
        known = ", ".join(sorted({each.name for each in state.clocks.items.values()})) or "none"
        raise NotFound(f"this case has no clock {command.clock}", field="clock", fix=f"write one of: {known}")
    stands = clock.standing()
    change: ClockChange
    match command:
        case PauseClock():
            if stands.status != "running" and not (stands.status == "paused" and stands.paused_by is None):
                return _refused(command, f"already_{stands.status}", f"the clock is {stands.status} already")
            change = changed(
                clock, "paused", command.now, rules, reason=command.reason, held_by=command.held_by, by=command.actor
            )
        case ResumeClock():
            if stands.status != "paused":
                return _refused(command, "not_paused", f"the clock is {stands.status}; only one that is paused resumes")
            change = changed(clock, "resumed", command.now, rules, reason=command.reason, by=command.actor)
        case RetargetClock():
            if not MAY_RETARGET & set(command.roles):
                return _refused(command, "not_allowed", "only a supervisor or manager gives a clock another target")
            if stands.status in ("met", "cancelled"):
                return _refused(command, f"already_{stands.status}", f"the clock is {stands.status} already")
            target = _in_law(command.target, clock, rules)
            if (barred := _barred_by_law(command, target, clock, rules)) is not None:
                return _refused(command, *barred)
            change = changed(
                clock,
                "retargeted",
                command.now,
                rules,
                reason=command.reason,
                target=target.model_dump(),
                by=command.actor,
            )
        case _:
            assert_never(command)
    return by_person(command, state, [change], rules)


def _in_law(target: TimeTarget, clock: Clock, rules: ClockRules) -> TimeTarget:
    """Give the extension of the law that is meant: a person names its length, the law says how its last day ends."""
    rule = rules.rule(clock.name)
    extensions = rule.extensions if rule else ()
    same = (each for each in extensions if (each.amount, each.unit) == (target.amount, target.unit))
    return next(same, target)


def _barred_by_law(
    command: RetargetClock, target: TimeTarget, clock: Clock, rules: ClockRules
) -> tuple[str, str] | None:
    """Tell why the law does not allow another target: it gives its own, and only while the first one still runs."""
    if clock.metric != "statutory":
        return None
    rule = rules.rule(clock.name)
    allowed = rule.extensions if rule else ()
    if target not in allowed:
        known = ", ".join(f"{each.amount:g} {each.unit}" for each in allowed) or "none"
        return "not_allowed_by_law", f"the law sets this limit; the extensions that it allows: {known}"
    due = clock.due(rules.calendar(clock.calendar_version))
    if due is not None and due <= command.now:
        return "extended_too_late", "the law allows an extension only before the first limit has run out"
    return None


def _refused(command: ClockCommand, reason_code: str, reason: str) -> list[Fact]:
    return [
        FollowupAttemptRefused(
            case_id=command.case_id, attempt=ATTEMPTS[type(command)], reason_code=reason_code, reason=reason
        )
    ]
