"""Figures of the what-if: past requests through a draft of the policy, beside the version that answered them."""

import asyncio
import os
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from bench.backends import PASSWORD, Backends
from bench.figure import Figure
from deploy.local.databases import create_service_database
from deploy.local.environment import ROOT
from deploy.local.whatif.found import Found
from deploy.local.whatif.policy import PolicyJob, judge_policy
from deploy.local.whatif.run import shares, spread
from services import triage
from services.triage.adapters.pack_files import read_pack_files
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.domain.policies.publishing import content_hash
from shared.contracts.event import Fact
from shared.contracts.triage import Reading, RequestAssessed
from shared.contracts.triage_policy import PolicyFile, PolicyPublished
from shared.contracts.triage_requests import PolicyRef
from shared.contracts.values import Money
from shared.eventstore.migrate import migrate
from shared.eventstore.partition import log_part
from shared.runtime.clock import new_id

PARTS = 8
BAR = 5_000
AT_ONCE = 20_000
SHOP = ROOT / "policies" / "shop"
KINDS = (
    "buyers_remorse",
    "product_or_service_failure",
    "unfounded_demand",
    "technical_issue",
    "perfectionist_standard",
)
REMEDIES = ("refund", "replacement", "discount", "compensation", "repair")
COLUMNS = [
    *("log_part", "position", "event_id", "type", "stream_kind", "stream_id", "version"),
    *("actor", "via", "correlation_id", "recorded_at", "body", "body_hash", "chain_hash"),
]


def whatif_figures(backends: Backends, *, requests: int) -> Iterator[Figure]:
    """Run so many past requests through a draft; bar: 5,000 a second on the two cores."""
    database = f"bench_whatif_{secrets.token_hex(4)}"
    made = create_service_database(backends.admin_url, "triage", database, PASSWORD, PASSWORD)
    migrate(made.migration_database_url, triage)
    dsn = make_url(made.migration_database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    pack = PolicyPack(SHOP)
    asyncio.run(_fill(dsn, requests, PolicyRef(policy=pack.facts.id, version=pack.facts.version)))
    with tempfile.TemporaryDirectory() as where:
        draft = _longer_period(Path(where) / "draft")
        parts = tuple(range(PARTS))
        begun = time.perf_counter()
        found: Found = spread(
            [PolicyJob(dsn, s, parts, draft, None) for s in shares(PARTS)], judge_policy, print_nothing
        )
        seconds = time.perf_counter() - begun
    rate = found.judged / seconds
    yield Figure(
        f"what-if of a policy, {requests:,} past requests",
        rate,
        "requests/s",
        "≥ 5,000",
        rate >= BAR,
        {"changed": len(found.changes), "different questions": found.questions, "processes": os.cpu_count() or 1},
    )


def print_nothing(_done: int) -> None:
    """Take progress that nobody watches."""


def _longer_period(draft: Path) -> Path:
    shutil.copytree(SHOP, draft)
    table = (draft / "table.json").read_text()
    (draft / "table.json").write_text(table.replace('"<= 30"', '"<= 45"').replace('"> 30"', '"> 45"'))
    return draft


async def _fill(dsn: str, requests: int, ref: PolicyRef) -> None:
    """Copy a published version, and requests that are answered by it, into a log."""
    chance = random.Random(7)
    positions = [0] * PARTS
    conn = await asyncpg.connect(dsn)
    facts: list[Fact] = [_published(ref)]
    for _ in range(requests):
        facts.append(_assessed(chance, ref))
        if len(facts) >= AT_ONCE:
            await _copy(conn, facts, positions)
            facts = []
    await _copy(conn, facts, positions)
    await conn.execute("ANALYZE event")
    await conn.close()


async def _copy(conn: asyncpg.Connection, facts: Sequence[Fact], positions: list[int]) -> None:
    rows = []
    for fact in facts:
        part, body = log_part(fact.stream_id, PARTS), fact.body()
        positions[part] += 1
        who = ("system:bench", "bench", new_id(), datetime.now(UTC))
        place = (part, positions[part], new_id(), fact.TYPE, fact.STREAM, fact.stream_id, 1)
        rows.append((*place, *who, body, sha256(body).digest(), bytes(32)))
    await conn.copy_records_to_table("event", columns=COLUMNS, records=rows)


def _published(ref: PolicyRef) -> PolicyPublished:
    files = read_pack_files(SHOP)
    return PolicyPublished(
        policy=ref.policy,
        version=ref.version,
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        content=tuple(PolicyFile(path=path, text=text) for path, text in files.files.items()),
        sha256=content_hash(files.files),
        published_by="system:bench",
    )


def _assessed(chance: random.Random, ref: PolicyRef) -> RequestAssessed:
    reading = Reading(
        kinds=(chance.choice(KINDS),),
        remedy=chance.choice(REMEDIES),
        urgency=chance.choice(("low", "normal", "high")),
        tone=chance.choice(("calm", "frustrated", "angry")),
        language=chance.choice(("en", "de", "es")),
        confidence=chance.random(),
        judged_by="rules",
        days_since_purchase=chance.choice((None, *range(90))),
        amount=Money(amount=Decimal(chance.randrange(1, 40) * 5), currency="USD") if chance.random() < 0.5 else None,
    )
    return RequestAssessed(
        case_id=new_id(), message_id=new_id(), request_id=new_id(), reading=reading, channel="email", policy=ref
    )
