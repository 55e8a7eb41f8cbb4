"""What insights show: clauses and teams, with their numbers."""

from datetime import datetime
from uuid import UUID

from services.casebook.queries.views import Amount, View


class ClauseInsight(View):
    """One clause: how often it refused and what came next, and how exceptions from it were decided.

    `accepted` are refusals after which the case was resolved without an exception; `granted` is the sum of what
    approvals and accepted offers were worth, by currency; `should_change` says that exceptions are the rule.
    """

    policy: str
    clause: str
    refused: int
    appealed: int
    accepted: int
    reopened: int
    settled: int
    unsettled: int
    exceptions: dict[str, int]
    granted: list[Amount]
    granted_share: float | None = None
    should_change: bool


class TeamInsight(View):
    """What a team promised, and what became of it."""

    team: str
    promised: int
    made: int
    at_risk: int
    kept: int
    kept_late: int
    broken: int
    renegotiated: int
    released: int


class ReflectionView(View):
    """What an agent learnt from a case."""

    case_id: UUID
    tracking_code: str | None = None
    clause: str | None = None
    noted_by: str
    what_helped: str
    what_should_change: str | None = None
    noted_at: datetime


class InsightsView(View):
    """What can be learnt from the cases since an instant; a clause with enough decisions may need a change."""

    since: datetime | None = None
    clauses: list[ClauseInsight]
    teams: list[TeamInsight]
    reflections: list[ReflectionView]
    threshold_decisions: int
    threshold_share: float
