"""What must be true before a measure on conduct is taken, reviewed or lifted; every refusal says what is missing."""

from collections.abc import Sequence
from datetime import date

from services.intake.domain.commands import AppealMeasure, LiftMeasure, ReviewMeasure, TakeMeasure, Terms
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.conduct_rules import MeasureRule
from services.intake.domain.policies.days import months_after
from services.intake.domain.policies.notices import unreachable
from services.intake.domain.policies.standing import Measure, Standing
from shared.contracts.event import Fact
from shared.contracts.intake import IntakeAttemptRefused

ATTEMPTS = {
    TakeMeasure: "take_conduct_measure",
    AppealMeasure: "appeal_conduct_measure",
    ReviewMeasure: "review_conduct_measure",
    LiftMeasure: "lift_conduct_measure",
}
PersonsCommand = TakeMeasure | AppealMeasure | ReviewMeasure | LiftMeasure


def may_not_take(command: TakeMeasure, state: Standing, rules: IntakeRules) -> Fact | None:
    """Say why a measure may not be taken; None where it may."""
    policy = rules.conduct
    rule = policy.measures.get(command.measure)
    if rule is None:
        return refused(command, "unknown_measure", f"the measures are {', '.join(policy.measures)}")
    if command.category not in policy.categories:
        return refused(command, "unknown_category", f"the categories are {', '.join(policy.categories)}")
    if not set(rule.roles) & set(command.roles):
        return refused(command, "not_your_role", f"only {either(rule.roles)} may take the measure {command.measure}")
    terms = terms_of(command.terms)
    if missing := [name for name in rule.names if not terms[name]]:
        return refused(command, "terms_missing", f"a {command.measure} names its {', '.join(missing)}")
    if command.terms.open_channel and command.terms.open_channel not in policy.channels:
        return refused(command, "no_such_channel", f"one of these stays open: {', '.join(policy.channels)}")
    if rule.adjustments_first and not command.adjustments:
        return refused(command, "adjustments_first", "offer adjustments first, and say which")
    if rule.after and not state.ever(rule.after) and command.category not in rule.at_once_for:
        return refused(command, "too_early", f"a {rule.after} comes before a {command.measure}")
    if state.in_force(command.measure):
        return refused(command, "already_in_force", f"a {command.measure} is in force: review that one")
    if reason := unreachable(command.told.conversation):
        return refused(command, "cannot_be_told", reason)
    return _wrong_day(command, command.review_on, rules)


def may_not_judge(command: ReviewMeasure | LiftMeasure, measure: Measure, rules: IntakeRules) -> Fact | None:
    """Whoever had a part in the measure does not decide on an appeal against it, nor end that by lifting it."""
    roles = rule_of(measure, rules).roles
    if not set(roles) & set(command.roles):
        return refused(command, "not_your_role", f"only {either(roles)} may decide on this measure")
    if not measure.in_force:
        return refused(command, "not_in_force", "this measure is over")
    if measure.appealed and command.by in measure.judges:
        return refused(command, "own_measure", "the customer appealed: somebody who did not decide on it must")
    if reason := unreachable(command.told.conversation):
        return refused(command, "cannot_be_told", reason)
    return None


def wrong_review(command: ReviewMeasure, measure: Measure, rules: IntakeRules) -> Fact | None:
    """A measure that stays has a new day of review; one that changes says how."""
    if command.outcome == "lifted":
        return None
    if command.outcome == "changed":
        names = rule_of(measure, rules).names
        terms = terms_of(command.terms)
        if not any(terms[name] for name in names) and command.review_on is None:
            return refused(command, "nothing_changes", "say what changes: the terms, or the day of review")
        if command.terms.open_channel and command.terms.open_channel not in rules.conduct.channels:
            return refused(command, "no_such_channel", f"one of these: {', '.join(rules.conduct.channels)}")
    due = measure.review_on <= rules.calendar.local_date(command.now)
    if command.review_on is None:
        reason = "the day of review has come: name the next one"
        return refused(command, "review_missing", reason) if due else None
    return _wrong_day(command, command.review_on, rules)


def _wrong_day(command: PersonsCommand, review_on: date, rules: IntakeRules) -> Fact | None:
    today = rules.calendar.local_date(command.now)
    last = months_after(today, rules.conduct.longest_months)
    if today < review_on <= last:
        return None
    return refused(command, "wrong_review_day", f"the review must be after {today} and by {last}")


def rule_of(measure: Measure, rules: IntakeRules) -> MeasureRule:
    """Give the rule of a measure; of one that the policy no longer knows, only that whose role took it may end it."""
    known = rules.conduct.measures.get(measure.taken.measure)
    return known or MeasureRule(roles=(measure.taken.role,))


def terms_of(terms: Terms) -> dict[str, str | None]:
    """Give what goes with a measure, by name."""
    return {"open_channel": terms.open_channel, "contact": terms.contact, "times": terms.times}


def either(roles: Sequence[str]) -> str:
    """Name roles as alternatives."""
    return " or ".join(f"a {role}" for role in roles)


def refused(command: PersonsCommand, code: str, reason: str) -> Fact:
    """Put an attempt on record in the case in which it came up."""
    attempt = ATTEMPTS[type(command)]
    return IntakeAttemptRefused(case_id=command.case_id, attempt=attempt, reason_code=code, reason=reason)
