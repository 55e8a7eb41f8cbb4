"""Judges measures on conduct: nobody decides on the appeal against their own, and the role was right."""

from uuid import UUID

from deploy.local.audit.findings import Findings
from services.intake.domain.policies.conduct_rules import ConductRules
from services.intake.domain.policies.standing import Standing, stand
from shared.contracts.event import Recorded
from shared.contracts.intake_conduct import (
    ConductAppealMade,
    ConductFact,
    ConductMeasureLifted,
    ConductMeasureReviewed,
    ConductMeasureTaken,
)

SEEN = (ConductMeasureTaken, ConductAppealMade, ConductMeasureReviewed, ConductMeasureLifted)


class Measures:
    """Follows the measures on each customer."""

    def __init__(self, findings: Findings, rules: ConductRules | None) -> None:
        self._findings = findings
        self._rules = rules
        self._customers: dict[UUID, Standing] = {}

    def see(self, event: Recorded) -> None:
        """Judge one event about a measure, and remember what it changes."""
        fact = event.fact
        if not isinstance(fact, SEEN):
            return
        state = self._customers.get(fact.customer_id, Standing())
        measure = state.measures.get(fact.measure_id)
        if measure is None and not isinstance(fact, ConductMeasureTaken):
            self._findings.at("authority_missing", event, f"measure {fact.measure_id} was never taken")
            return
        who = _judge(fact)
        if who is not None and measure is not None and measure.appealed and who in measure.judges:
            said = f"{who} decided on the appeal against a measure that {who} had decided on"
            self._findings.at("four_eyes_broken", event, said)
        self._role(event, fact, measure.taken if measure else fact)
        self._customers[fact.customer_id] = stand(state, fact)

    def _role(self, event: Recorded, fact: ConductFact, taken: ConductFact) -> None:
        role, version = getattr(fact, "role", None), getattr(fact, "policy", None)
        if role is None or not isinstance(taken, ConductMeasureTaken):
            return
        if self._rules is None or version not in (None, self._rules.version):
            self._findings.note(f"the rules on conduct {version} are not at hand: roles were not judged by them")
            return
        rule = self._rules.measures.get(taken.measure)
        if version is not None and (rule is None or role not in rule.roles):
            self._findings.at("authority_missing", event, f"a {role} may not decide on the measure {taken.measure}")


def _judge(fact: ConductFact) -> str | None:
    match fact:
        case ConductMeasureReviewed(reviewed_by=who) | ConductMeasureLifted(lifted_by=who):
            return who
        case _:
            return None
