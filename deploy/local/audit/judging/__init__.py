"""Whether what was decided could be decided so: judged from the events alone, as of the instant of each decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from deploy.local.audit.findings import Findings
from deploy.local.audit.judging.decisions import SEEN as DECIDED
from deploy.local.audit.judging.decisions import Decisions, Delegated
from deploy.local.audit.judging.measures import SEEN as MEASURED
from deploy.local.audit.judging.measures import Measures
from deploy.local.audit.judging.policies import Policies
from deploy.local.audit.judging.privacy import SEEN as ABOUT_PRIVACY
from deploy.local.audit.judging.privacy import Privacy
from deploy.local.audit.judging.promises import CLAUSE_TYPES, DECISION_TYPES, PROMISE, Promises
from services.approvals.domain.policies.authority import AuthorityRules
from services.intake.domain.policies.conduct_rules import ConductRules
from shared.contracts.event import Recorded
from shared.contracts.triage_policy import PolicyPublished

Judge = Callable[[Recorded], None]


@dataclass(frozen=True)
class Law:
    """What decisions are judged by besides the events: the rules at hand, and the delegations of all partitions."""

    authority: AuthorityRules | None = None
    conduct: ConductRules | None = None
    delegations: Mapping[UUID, Delegated] = field(default_factory=dict)


class Bench:
    """The judges of one log partition; `of` gives those of one service, by the type they judge.

    `promises` are judged where all services are, since their grounds are with others.
    """

    def __init__(self, findings: Findings, law: Law, *, promises: bool = True) -> None:
        self._findings = findings
        decisions = Decisions(findings, law.authority, law.delegations)
        measures, privacy, policies = Measures(findings, law.conduct), Privacy(findings), Policies(findings)
        grounds = Promises(findings)
        self._judges: dict[str, list[Judge]] = {}
        self._put(decisions.see, *(cls.TYPE for cls in DECIDED))
        self._put(measures.see, *(cls.TYPE for cls in MEASURED))
        self._put(privacy.see, *(cls.TYPE for cls in ABOUT_PRIVACY))
        self._put(policies.see, PolicyPublished.TYPE)
        if promises:
            self._put(grounds.clause, *CLAUSE_TYPES)
            self._put(grounds.decision, *DECISION_TYPES)
            self._put(grounds.promise, PROMISE)

    def of(self, log: str) -> dict[str, Judge]:
        """Give the judges of a service's types."""
        return {kind: self._all(judges) for kind, judges in self._judges.items() if kind.startswith(f"{log}.")}

    def _put(self, judge: Judge, *types: str) -> None:
        for kind in types:
            self._judges.setdefault(kind, []).append(judge)

    def _all(self, judges: list[Judge]) -> Judge:
        def see(event: Recorded) -> None:
            try:
                for judge in judges:
                    judge(event)
            except (ValidationError, ValueError, KeyError) as error:
                self._findings.at("unreadable", event, f"its body cannot be judged: {type(error).__name__}")

        return see
