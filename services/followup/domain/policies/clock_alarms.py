"""When somebody is warned or told that a clock runs out, and that it has."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.followup.domain.policies.clock_rules import ClockRules
from services.followup.domain.policies.clock_state import Clock, Standing
from services.followup.domain.policies.clock_time import due_of, earlier_or_later
from shared.contracts.followup_clocks import ClockChange, Verb

# What was late when we heard of it is not cried out at once: what came after it is on its way too.
GRACE = timedelta(minutes=1)


class Alarm(NamedTuple):
    """A warning, escalation or breach to come."""

    at: datetime
    verb: Verb
    level: str | None = None
    whom: str | None = None


def alarms(clock: Clock, rules: ClockRules) -> list[Alarm]:
    """Give what is to be cried out for a clock that runs and was not yet, in order of time."""
    stands = clock.standing()
    rule = rules.rule(clock.name)
    if stands.status != "running" or (rule and rule.window):
        return []
    calendar = rules.calendar(clock.calendar_version)
    due = due_of(clock.started, stands.target, calendar, stands.pauses)
    found = [Alarm(due, "breached")]
    for lead in rule.warn if rule else ():
        at = earlier_or_later(clock.started, stands.target, calendar, stands.pauses, -lead)
        found += [] if at is None else [Alarm(at, "warned", f"{lead:g} before", clock.held_by)]
    for step in rule.escalate if rule else ():
        at = earlier_or_later(clock.started, stands.target, calendar, stands.pauses, step.at)
        found += [] if at is None else [Alarm(at, "escalated", step.level, step.whom)]
    fresh = [alarm for alarm in found if clock.alarms.get(alarm.level or alarm.verb, clock.started) < alarm.at]
    return sorted(fresh, key=lambda alarm: (alarm.at, alarm.verb))


def rung(clock: Clock, alarm: Alarm, rules: ClockRules) -> ClockChange:
    """Give the change that an alarm is."""
    due = clock.due(rules.calendar(clock.calendar_version))
    return ClockChange(
        clock_id=clock.clock_id,
        clock=clock.name,
        verb=alarm.verb,
        at=alarm.at,
        due=due,
        level=alarm.level,
        whom=alarm.whom,
    )


def missed(clock: Clock, stands: Standing, at: datetime, rules: ClockRules) -> list[ClockChange]:
    """Give the breach of a clock that ends late before its timer said so."""
    rule = rules.rule(clock.name)
    if stands.status != "running" or (rule and rule.window):
        return []
    due = due_of(clock.started, stands.target, rules.calendar(clock.calendar_version), stands.pauses)
    told = clock.alarms.get("breached", clock.started) >= due
    return [] if told or at <= due else [rung(clock, Alarm(due, "breached"), rules)]
