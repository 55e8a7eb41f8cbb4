"""Past exceptions through a draft of the authority matrix, and past deadlines and promises through a draft calendar."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.local.whatif.found import Change, Found
from deploy.local.whatif.logs import events, reading
from services.approvals.adapters.policy_files import load_authority
from services.approvals.domain.policies.authority import AuthorityRules, Matter, Requirement, cited, requirement
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.event import decode
from shared.contracts.triage import RequestGranted
from shared.kernel.worktime import Calendar
from shared.runtime.policy_files import read_calendar

REQUESTED, GRANTED = (ExceptionRequested.TYPE,), (RequestGranted.TYPE,)


@dataclass(frozen=True)
class DraftJob:
    """What one process judges: log partitions of a log, by a draft file beside the policies in force."""

    dsn: str
    parts: tuple[int, ...]
    policies: Path
    draft: Path
    since: datetime | None


def judge_authority(job: DraftJob) -> Found:
    """Judge who would decide on every exception, and how many would have to agree."""
    now, draft = load_authority(job.policies), load_authority(job.policies, job.draft)

    def needed(rules: AuthorityRules, one: ExceptionRequested, at: datetime) -> str:
        return _who(_requirement(rules, one, at))

    return _exceptions(job, lambda one, at: (needed(now, one, at), needed(draft, one, at)))


def judge_deadlines(job: DraftJob) -> Found:
    """Judge until when every exception would have had to be decided."""
    now = load_authority(job.policies)
    draft = AuthorityRules(now.matrix, read_calendar(job.draft))

    def due(rules: AuthorityRules, one: ExceptionRequested, at: datetime) -> str:
        return f"decided by {_requirement(rules, one, at).deadline.isoformat()}"

    return _exceptions(job, lambda one, at: (due(now, one, at), due(draft, one, at)))


def judge_grants(job: DraftJob) -> Found:
    """Judge until when everything that policy granted would have been promised."""
    now = read_calendar(job.policies / "calendars" / "default.yaml")
    draft = read_calendar(job.draft)
    found = Found()
    with reading(job.dsn) as conn:
        for row in events(conn, job.parts, GRANTED):
            fact = decode(row.type, row.body)
            if not isinstance(fact, RequestGranted) or (job.since is not None and row.recorded_at < job.since):
                continue
            found.judged += 1
            before, after = (_promised(calendar, row.recorded_at, fact.working_days) for calendar in (now, draft))
            if before != after:
                money = (fact.amount.amount, fact.amount.currency) if fact.amount else (None, None)
                clause, at = fact.clause.clause, row.recorded_at.isoformat()
                change = Change(fact.case_id, fact.request_id, at, fact.kind, before, after, clause, clause, *money)
                found.changes.append(change)
    found.questions = found.judged
    return found


def _exceptions(job: DraftJob, judge: Callable[[ExceptionRequested, datetime], tuple[str, str]]) -> Found:
    found = Found()
    with reading(job.dsn) as conn:
        for row in events(conn, job.parts, REQUESTED):
            fact = decode(row.type, row.body)
            if not isinstance(fact, ExceptionRequested) or (job.since is not None and row.recorded_at < job.since):
                continue
            found.judged += 1
            before, after = judge(fact, row.recorded_at)
            if before != after:
                money = (fact.amount.amount, fact.amount.currency) if fact.amount else (None, None)
                clause, at = fact.clause.clause, row.recorded_at.isoformat()
                change = Change(fact.case_id, fact.exception_id, at, fact.kind, before, after, clause, clause, *money)
                found.changes.append(change)
    found.questions = found.judged
    return found


def _requirement(rules: AuthorityRules, one: ExceptionRequested, at: datetime) -> Requirement:
    matter = Matter(one.kind, cited(one.clause), one.amount, one.at_least, one.proposed_by)
    return requirement(rules, matter, at)


def _who(needed: Requirement) -> str:
    many = needed.quorum.model_dump_json(exclude_none=True)
    return f"{needed.role} decides, quorum {many}"


def _promised(calendar: Calendar, at: datetime, working_days: int) -> str:
    return f"promised by {calendar.add_days(at, working_days).isoformat()}"
