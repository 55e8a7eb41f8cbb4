"""Clocks: what each moment starts, stops, pauses and resumes, and when somebody is warned that time runs out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from services.followup.domain.commands import CaseCommand, ClockCommand, LetTimePass
from services.followup.domain.policies.clock_alarms import GRACE, alarms, missed, rung
from services.followup.domain.policies.clock_moments import Moment, moments
from services.followup.domain.policies.clock_rules import ClockRule, ClockRules, Condition
from services.followup.domain.policies.clock_state import Clock, Clocks, Standing, take
from services.followup.domain.policies.clock_time import due_of
from services.followup.domain.state import Followup, evolve
from shared.contracts.event import Fact
from shared.contracts.followup import CaseTakenUp, MatterNoted, MessageNoted
from shared.contracts.followup_clocks import ClockChange, ClockMoves, ClocksMoved, Verb

CARRIERS = (CaseTakenUp, MessageNoted, MatterNoted)


def with_moves(command: CaseCommand, state: Followup, facts: list[Fact], rules: ClockRules) -> list[Fact]:
    """Add what a command and the facts that it led to do to the clocks of the case.

    The last of the facts that can carry it says so; where there is none, a fact of its own does.
    """
    if not rules.regimes or (isinstance(command, LetTimePass) and not (facts or state.clocks.items)):
        return facts
    happened = [
        moment
        for moment in moments(command, facts, state.clocks, state.read)
        if any(moment.fact in regime.by_fact for regime in rules.regimes)
    ]
    if not happened and not isinstance(command, LetTimePass):
        return facts
    for fact in facts:
        state = evolve(state, fact)
    clocks, changes, first = state.clocks, [], None
    for moment in happened:
        clocks, made = _at_moment(command, moment, clocks, rules)
        first = first or (moment if made else None)
        changes += made
    if isinstance(command, LetTimePass):
        for clock in tuple(clocks.items.values()):
            made = [rung(clock, alarm, rules) for alarm in alarms(clock, rules) if alarm.at <= command.now]
            changes += made
            clocks = take(clocks, ClockMoves(cause="timer", changes=tuple(made)))
    if not changes:
        return facts
    cause = first.fact if first else "timer"
    return _carried(command.case_id, facts, _moves(cause, first and first.cause_id, changes, clocks, rules))


def by_person(command: ClockCommand, state: Followup, changes: Sequence[ClockChange], rules: ClockRules) -> list[Fact]:
    """Give the fact of what a person did to clocks."""
    clocks = take(state.clocks, ClockMoves(cause="command", changes=tuple(changes)))
    return [ClocksMoved(case_id=command.case_id, moves=_moves("command", None, changes, clocks, rules))]


def changed(clock: Clock, verb: Verb, at: datetime, rules: ClockRules, **more: object) -> ClockChange:
    """Give a change of a clock, with the due time that holds after it; who had it has it again when it goes on."""
    if verb == "resumed" and more.get("held_by") is None:
        more["held_by"] = clock.standing().held_by
    change = ClockChange.model_validate(
        {"clock_id": clock.clock_id, "clock": clock.name, "verb": verb, "at": at, **more}
    )
    after = take(Clocks(items={clock.clock_id: clock}), ClockMoves(cause="", changes=(change,)))
    due = after.items[clock.clock_id].due(rules.calendar(clock.calendar_version))
    return change.model_copy(update={"due": due})


def _carried(case_id: UUID, facts: list[Fact], moves: ClockMoves) -> list[Fact]:
    carrier = next((nth for nth in reversed(range(len(facts))) if isinstance(facts[nth], CARRIERS)), None)
    if carrier is None:
        return [*facts, ClocksMoved(case_id=case_id, moves=moves)]
    return [
        fact.model_copy(update={"clocks": moves}) if number == carrier else fact for number, fact in enumerate(facts)
    ]


def _moves(
    cause: str, cause_id: UUID | None, changes: Sequence[ClockChange], clocks: Clocks, rules: ClockRules
) -> ClockMoves:
    ahead = [max(alarm.at, clock.noted_at + GRACE) for clock in clocks.items.values() for alarm in alarms(clock, rules)]
    return ClockMoves(cause=cause, cause_id=cause_id, changes=tuple(changes), look_again_at=min(ahead, default=None))


def _at_moment(
    command: CaseCommand, moment: Moment, clocks: Clocks, rules: ClockRules
) -> tuple[Clocks, list[ClockChange]]:
    about = {**rules.business, "kind": clocks.kinds}
    about["channel"] = frozenset({clocks.channel} if clocks.channel else ())
    applies = [regime for regime in rules.regimes if moment.fact in regime.by_fact and regime.applies(about)]
    about.update({name: values for name, values in moment.attributes.items() if values})
    made: list[ClockChange] = []
    for rule in (rule for regime in applies for rule in regime.by_fact[moment.fact]):
        changes = _of_rule(command, moment, about, clocks, rule, rules)
        made += [*changes, *_overtaken(changes, moment, clocks, rule, rules)]
    moves = ClockMoves(cause=moment.fact, cause_id=moment.cause_id, changes=tuple(made))
    return (take(clocks, moves) if made else clocks), made


def _overtaken(
    changes: Sequence[ClockChange], moment: Moment, clocks: Clocks, rule: ClockRule, rules: ClockRules
) -> list[ClockChange]:
    """Give what meets or pauses a clock that just began to run, and happened after that but was heard before."""
    if not changes or changes[-1].verb not in ("started", "resumed"):
        return []
    after = take(clocks, ClockMoves(cause=moment.fact, changes=tuple(changes))).items[changes[-1].clock_id]
    ends: tuple[tuple[Verb, tuple[Condition, ...]], ...] = (("met", rule.meets), ("paused", rule.pauses))
    found = [
        (clocks.latest[condition.fact], verb, condition)
        for verb, conditions in ends
        for condition in conditions
        if clocks.latest.get(condition.fact, changes[-1].at) > changes[-1].at
    ]
    for at, verb, condition in sorted(found, key=lambda each: each[0])[:1]:
        return [changed(after, verb, at, rules, reason=condition.reason, held_by=condition.held_by)]
    return []


def _of_rule(
    command: CaseCommand,
    moment: Moment,
    about: dict[str, frozenset[str]],
    clocks: Clocks,
    rule: ClockRule,
    rules: ClockRules,
) -> list[ClockChange]:
    def met(conditions: tuple[Condition, ...]) -> Condition | None:
        return next((each for each in conditions if each.holds(moment.fact, about)), None)

    clock = clocks.of(rule.name)
    if clock is None:
        return _start(command, moment, clocks, rule, rules) if met(rule.starts) else []
    stands = clock.standing(moment.at)
    if stands.status in ("met", "cancelled"):
        return _again(command, moment, clocks, clock, stands, rule, rules) if met(rule.starts) else []
    if moment.at < clock.started:
        return []
    end: tuple[tuple[Verb, tuple[Condition, ...]], ...] = (("met", rule.meets), ("cancelled", rule.cancels))
    for verb, conditions in end:
        if (found := met(conditions)) is not None:
            over = changed(clock, verb, moment.at, rules, reason=found.reason)
            return [*missed(clock, stands, moment.at, rules), over]
    if stands.status == "paused":
        verb, found = "resumed", met(rule.resumes) if stands.paused_by is None else None
    else:
        verb, found = "paused", met(rule.pauses)
        if found is None and (found := met(rule.hands_over)) is not None:
            verb, found = "handed_over", found if found.held_by != stands.held_by else None
    if found is None:
        return []
    return [changed(clock, verb, moment.at, rules, reason=found.reason, held_by=found.held_by)]


def _again(
    command: CaseCommand,
    moment: Moment,
    clocks: Clocks,
    clock: Clock,
    stands: Standing,
    rule: ClockRule,
    rules: ClockRules,
) -> list[ClockChange]:
    if stands.since is not None and moment.at < stands.since:
        return []
    if rule.again == "new_cycle":
        return _start(command, moment, clocks, rule, rules)
    if rule.again == "goes_on":
        return [changed(clock, "resumed", moment.at, rules, reason="it was not over", held_by=rule.held_by)]
    return []


def _start(
    command: CaseCommand, moment: Moment, clocks: Clocks, rule: ClockRule, rules: ClockRules
) -> list[ClockChange]:
    if any(clocks.runs(other, moment.at) for other in rule.unless_running):
        return []
    pinned = rules.calendars[rule.calendar]
    at = clocks.received_at if rule.from_receipt and clocks.received_at else moment.at
    cycle = sum(clock.name == rule.name for clock in clocks.items.values())
    due = due_of(at, rule.target, pinned.calendar)
    started = ClockChange(
        clock_id=uuid5(command.case_id, f"clock {rule.name} {cycle}"),
        clock=rule.name,
        verb="started",
        at=at,
        due=due,
        original_due=due,
        metric=rule.metric,
        target=rule.target,
        calendar=pinned.name,
        calendar_version=pinned.version,
        held_by=rule.held_by,
        noted_at=command.now if command.now > at else None,
    )
    return [started]
