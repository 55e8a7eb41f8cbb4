"""Measures on conduct: who may take which, what must come before, how the customer is told, and who reviews them."""

from collections.abc import Sequence
from typing import assert_never
from uuid import uuid5

from services.intake.domain.commands import (
    AppealMeasure,
    ConductCommand,
    LiftMeasure,
    PassReviewDay,
    ReviewMeasure,
    TakeMeasure,
)
from services.intake.domain.policies import conduct_checks as checks
from services.intake.domain.policies.acknowledgement import IntakeRules
from services.intake.domain.policies.notices import notice
from services.intake.domain.policies.standing import Measure, Standing
from shared.contracts.event import Fact
from shared.contracts.intake_conduct import (
    ConductAppealMade,
    ConductMeasureLifted,
    ConductMeasureReviewed,
    ConductMeasureTaken,
    ConductReviewDue,
)
from shared.kernel.errors import NotFound

PURPOSE = "conduct_notice"


def conduct(command: ConductCommand, state: Standing, rules: IntakeRules) -> list[Fact]:
    """Give the facts that a command on conduct leads to; raises NotFound for a measure that is not there."""
    match command:
        case TakeMeasure():
            return _take(command, state, rules)
        case AppealMeasure():
            return _appeal(command, _known(command, state))
        case ReviewMeasure():
            return _review(command, _known(command, state), rules)
        case LiftMeasure():
            return _lift(command, _known(command, state), rules)
        case PassReviewDay():
            return _pass(command, state, rules)
        case _:
            assert_never(command)


def _take(command: TakeMeasure, state: Standing, rules: IntakeRules) -> list[Fact]:
    if command.measure_id in state.measures:
        return []
    if refusal := checks.may_not_take(command, state, rules):
        return [refusal]
    policy, language = rules.conduct, command.told.language
    terms = checks.terms_of(command.terms)
    taken = ConductMeasureTaken(
        customer_id=command.customer_id,
        case_id=command.case_id,
        measure_id=command.measure_id,
        measure=command.measure,
        category=command.category,
        reason=command.reason,
        evidence=command.evidence,
        adjustments=command.adjustments,
        review_on=command.review_on,
        told=policy.meaning(command.measure, language, terms),
        appeal=policy.way_to_appeal(language, command.told.code),
        taken_by=command.by,
        role=_role(policy.measures[command.measure].roles, command.roles),
        policy=policy.version,
        **{name: terms[name] for name in policy.measures[command.measure].names},
    )
    values = {"measure": taken.told, "reason": command.reason, "appeal": taken.appeal}
    values["review"] = rules.replies.of(language).day(command.review_on)
    about = (command.case_id, uuid5(command.measure_id, "notice"), command.now)
    return [taken, notice(about, PURPOSE, command.told, "conduct_taken", values, rules)]


def _appeal(command: AppealMeasure, measure: Measure) -> list[Fact]:
    if measure.appealed:
        return []
    if not measure.in_force:
        return [checks.refused(command, "not_in_force", "this measure is over: nothing is left to appeal against")]
    return [
        ConductAppealMade(
            customer_id=command.customer_id,
            case_id=measure.taken.case_id,
            measure_id=command.measure_id,
            noted_by=command.by,
            message_id=command.message_id,
        )
    ]


def _review(command: ReviewMeasure, measure: Measure, rules: IntakeRules) -> list[Fact]:
    if refusal := checks.may_not_judge(command, measure, rules) or checks.wrong_review(command, measure, rules):
        return [refusal]
    policy, taken, told = rules.conduct, measure.taken, command.told
    role = _role(checks.rule_of(measure, rules).roles, command.roles)
    lifted, changed = command.outcome == "lifted", command.outcome == "changed"
    names = checks.rule_of(measure, rules).names if changed else ()
    new = {name: value for name, value in checks.terms_of(command.terms).items() if name in names and value}
    before = {"open_channel": measure.open_channel, "contact": measure.contact, "times": measure.times}
    meaning = policy.meaning(taken.measure, told.language, before | new) if new else measure.told
    review_on = None if lifted else command.review_on
    facts: list[Fact] = [
        ConductMeasureReviewed(
            customer_id=command.customer_id,
            case_id=taken.case_id,
            measure_id=command.measure_id,
            outcome="lifted" if lifted else "changed" if changed else "kept",
            why=command.why,
            on_appeal=measure.appealed,
            reviewed_by=command.by,
            role=role,
            policy=policy.version,
            review_on=review_on,
            told=None if lifted else meaning,
            **new,
        )
    ]
    if lifted:
        return [*facts, *_lifted(command, measure, role, rules)]
    values = {"measure": meaning, "reason": command.why, "appeal": policy.way_to_appeal(told.language, told.code)}
    values["review"] = rules.replies.of(told.language).day(review_on or measure.review_on)
    about = (taken.case_id, command.notice_id, command.now)
    return [*facts, notice(about, PURPOSE, told, "conduct_reviewed", values, rules)]


def _lift(command: LiftMeasure, measure: Measure, rules: IntakeRules) -> list[Fact]:
    if not measure.in_force:
        return []
    if refusal := checks.may_not_judge(command, measure, rules):
        return [refusal]
    return _lifted(command, measure, _role(checks.rule_of(measure, rules).roles, command.roles), rules)


def _lifted(command: ReviewMeasure | LiftMeasure, measure: Measure, role: str, rules: IntakeRules) -> list[Fact]:
    lifted = ConductMeasureLifted(
        customer_id=command.customer_id,
        case_id=measure.taken.case_id,
        measure_id=command.measure_id,
        why=command.why,
        lifted_by=command.by,
        role=role,
    )
    about = (measure.taken.case_id, command.notice_id, command.now)
    return [lifted, notice(about, PURPOSE, command.told, "conduct_lifted", {"reason": command.why}, rules)]


def _pass(command: PassReviewDay, state: Standing, rules: IntakeRules) -> list[Fact]:
    today = rules.calendar.local_date(command.now)
    return [
        ConductReviewDue(
            customer_id=command.customer_id,
            case_id=one.taken.case_id,
            measure_id=measure_id,
            review_on=one.review_on,
        )
        for measure_id, one in state.measures.items()
        if one.in_force and not one.review_due and one.review_on <= today
    ]


def _role(allowed: Sequence[str], held: Sequence[str]) -> str:
    return next(role for role in allowed if role in held)


def _known(command: AppealMeasure | ReviewMeasure | LiftMeasure, state: Standing) -> Measure:
    known = state.measures.get(command.measure_id)
    if known is None:
        raise NotFound("this customer has no such measure", field="measure_id", fix="list the customer's measures")
    return known
