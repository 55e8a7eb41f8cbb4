"""The past under a draft: whose outcome would be another, for how much, found without writing anything."""

import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import services.approvals as approvals
import services.triage as triage
from deploy.local.whatif.approvals import DraftJob, judge_authority, judge_deadlines, judge_grants
from deploy.local.whatif.found import Change, summary
from deploy.local.whatif.policy import PolicyJob, judge_policy
from deploy.local.whatif.run import shares, spread
from services.triage.adapters.pack_files import read_pack_files
from services.triage.domain.policies.publishing import content_hash
from shared.contracts.approvals import ExceptionRequested
from shared.contracts.event import Fact
from shared.contracts.triage import Reading, RequestAssessed, RequestGranted
from shared.contracts.triage_policy import PolicyFile, PolicyPublished
from shared.contracts.triage_requests import PolicyRef
from shared.contracts.values import ClauseRef, Money, Quorum
from shared.eventstore.database import Database
from shared.eventstore.draft import Draft, Provenance
from shared.eventstore.migrate import migrate
from shared.eventstore.store import Store
from shared.runtime.clock import new_id
from tests.support.backends import MakeServiceDatabase

pytestmark = pytest.mark.backends
POLICIES = Path(__file__).parents[2] / "policies"
EVERYTHING = "SELECT md5(string_agg(e::text, '' ORDER BY e.log_part, e.position)) FROM event e"
CLAUSE = ClauseRef(policy="shop", version="1", clause="R-2", text="Returns within 30 days.")
PARTS = 8


class Log:
    """A service's log, filled with facts."""

    def __init__(self, name: str, url: str) -> None:
        self.store = Store(name, PARTS)
        self.database = Database(url)
        self.dsn = url.replace("+asyncpg", "")

    async def record(self, facts: Sequence[Fact]) -> None:
        by = Provenance(actor="system:test", via="test", correlation_id=new_id())
        async with self.database.connection() as tx:
            for fact in facts:
                await self.store.append(tx.raw, [Draft(new_id(), fact, 1, by)])

    async def digest(self) -> str:
        async with self.database.connection() as tx:
            return str(await tx.raw.fetchval(EVERYTHING))


@pytest.fixture
async def requests(service_database: MakeServiceDatabase) -> AsyncIterator[Log]:
    made = service_database("triage")
    migrate(made.migration_database_url, triage)
    log = Log("triage", made.database_url)
    await log.record([published()])
    yield log
    await log.database.close()


@pytest.fixture
async def exceptions(service_database: MakeServiceDatabase) -> AsyncIterator[Log]:
    made = service_database("approvals")
    migrate(made.migration_database_url, approvals)
    log = Log("approvals", made.database_url)
    yield log
    await log.database.close()


def published() -> PolicyPublished:
    files = read_pack_files(POLICIES / "shop")
    return PolicyPublished(
        policy="shop",
        version="2026.2",
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        content=tuple(PolicyFile(path=path, text=text) for path, text in files.files.items()),
        sha256=content_hash(files.files),
        published_by="system:test",
    )


def assessed(days: int | None, amount: str | None = None, confidence: float = 0.9) -> RequestAssessed:
    reading = Reading(
        kinds=("buyers_remorse",),
        remedy="refund",
        urgency="normal",
        tone="calm",
        language="en",
        confidence=confidence,
        judged_by="rules",
        days_since_purchase=days,
        amount=Money(amount=Decimal(amount), currency="USD") if amount else None,
    )
    ref = PolicyRef(policy="shop", version="2026.2")
    return RequestAssessed(
        case_id=new_id(), message_id=new_id(), request_id=new_id(), reading=reading, channel="email", policy=ref
    )


def draft_with_45_days(where: Path) -> Path:
    draft = where / "draft"
    shutil.copytree(POLICIES / "shop", draft)
    table = (draft / "table.json").read_text()
    (draft / "table.json").write_text(table.replace('"<= 30"', '"<= 45"').replace('"> 30"', '"> 45"'))
    pack = (draft / "pack.yaml").read_text()
    (draft / "pack.yaml").write_text(pack.replace('version: "2026.2"', 'version: "2026.3"'))
    return draft


def job(
    log: Log, draft: Path, parts: tuple[int, ...] = tuple(range(PARTS)), since: datetime | None = None
) -> PolicyJob:
    return PolicyJob(log.dsn, parts, tuple(range(PARTS)), draft, since)


async def test_a_longer_period_changes_just_the_requests_between(requests: Log, tmp_path: Path) -> None:
    early, between, late = assessed(10, "100"), assessed(40, "80.50"), assessed(60, "20")
    await requests.record([early, between, late])
    before = await requests.digest()
    found = judge_policy(job(requests, draft_with_45_days(tmp_path)))
    assert (found.judged, len(found.not_judged)) == (3, 0)
    (change,) = found.changes
    assert (change.case_id, change.about, change.kind) == (between.case_id, between.request_id, "buyers_remorse")
    assert (change.clause_before, change.clause_after) == ("R-2", "R-1")
    assert change.before.startswith("refused")
    assert change.after.startswith("allowed")
    (counted,) = summary(found, 1.0)["counts"]
    assert (counted["number"], counted["money"]) == (1, {"USD": "80.50"})
    assert await requests.digest() == before


async def test_the_same_draft_changes_nothing_and_equal_questions_are_asked_once(requests: Log) -> None:
    await requests.record([assessed(40, confidence=0.6 + nth / 1000) for nth in range(50)])
    found = judge_policy(job(requests, POLICIES / "shop"))
    assert (found.judged, found.questions, found.changes) == (50, 1, [])


async def test_a_reading_below_a_step_of_the_table_is_another_question(requests: Log) -> None:
    await requests.record([assessed(40, confidence=0.49), assessed(40, confidence=0.5), assessed(40, confidence=0.51)])
    found = judge_policy(job(requests, POLICIES / "shop"))
    assert found.questions == 3


async def test_only_what_is_recorded_since_is_judged(requests: Log) -> None:
    await requests.record([assessed(40)])
    assert judge_policy(job(requests, POLICIES / "shop", since=datetime.now(UTC))).judged == 0


async def test_processes_find_together_what_one_finds(requests: Log, tmp_path: Path) -> None:
    await requests.record([assessed(days) for days in range(20, 60)])
    draft = draft_with_45_days(tmp_path)
    alone = judge_policy(job(requests, draft))
    seen: list[int] = []
    together = spread([job(requests, draft, share) for share in shares(PARTS, 2)], judge_policy, seen.append)
    assert seen == [1, 2]
    assert together.judged == alone.judged == 40
    key = lambda change: str(change.about)  # noqa: E731 - an order, no more
    assert sorted(together.changes, key=key) == sorted(alone.changes, key=key)
    assert len(alone.changes) == 15


def requested(amount: str) -> ExceptionRequested:
    return ExceptionRequested(
        case_id=new_id(),
        exception_id=new_id(),
        request_id=new_id(),
        kind="unfounded_demand",
        clause=CLAUSE,
        deviation="refund",
        reason="the customer insists",
        proposed_by="rules",
        required_role="supervisor",
        quorum=Quorum(),
        deadline=datetime(2026, 1, 2, tzinfo=UTC),
        language="en",
        amount=Money(amount=Decimal(amount), currency="USD"),
    )


async def test_a_lower_limit_sends_exceptions_higher(exceptions: Log, tmp_path: Path) -> None:
    await exceptions.record([requested("5"), requested("60")])
    matrix = tmp_path / "matrix.yaml"
    written = (POLICIES / "authority" / "matrix.yaml").read_text()
    lowest = 'USD: "250.00"'
    assert lowest in written
    matrix.write_text(written.replace(lowest, 'USD: "50.00"', 1))
    before = await exceptions.digest()
    found = judge_authority(DraftJob(exceptions.dsn, tuple(range(PARTS)), POLICIES, matrix, None))
    assert found.judged == 2
    (change,) = found.changes
    assert change.amount == Decimal(60)
    assert change.before != change.after
    assert await exceptions.digest() == before


async def test_a_holiday_moves_deadlines_and_promises(exceptions: Log, requests: Log, tmp_path: Path) -> None:
    await exceptions.record([requested("5")])
    granted = RequestGranted(
        case_id=new_id(),
        request_id=new_id(),
        message_id=new_id(),
        kind="buyers_remorse",
        what="a refund",
        clause=CLAUSE,
        working_days=5,
        language="en",
        text="You get your money back.",
    )
    await requests.record([granted])
    calendar = tmp_path / "calendar.yaml"
    written = (POLICIES / "calendars" / "default.yaml").read_text()
    calendar.write_text(written.replace("zone: ", "zone: Pacific/Kiritimati # was ", 1))
    parts = tuple(range(PARTS))
    (deadline,) = judge_deadlines(DraftJob(exceptions.dsn, parts, POLICIES, calendar, None)).changes
    assert deadline.before.startswith("decided by ")
    (promise,) = judge_grants(DraftJob(requests.dsn, parts, POLICIES, calendar, None)).changes
    assert promise.before.startswith("promised by ")
    assert isinstance(promise, Change)
