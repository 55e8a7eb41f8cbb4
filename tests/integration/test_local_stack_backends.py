"""The servers that tests and the local stack run on are real, private and restartable."""

import asyncio
from pathlib import Path

import asyncpg
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.databases import create_service_databases
from deploy.local.kafka import LocalKafka
from deploy.local.postgres import LocalPostgres
from deploy.topics import create_topics, declared_topics
from tests.support.backends import MakeServiceDatabase

pytestmark = pytest.mark.backends


async def test_a_service_reaches_its_own_database_and_makes_nothing_in_it(
    service_database: MakeServiceDatabase,
) -> None:
    triage, intake = service_database("triage"), service_database("intake")
    owner = create_async_engine(triage.migration_database_url)
    async with owner.begin() as connection:
        await connection.execute(text("CREATE TABLE event (n int)"))
        await connection.execute(text("GRANT SELECT ON event TO triage"))
    await owner.dispose()
    service = create_async_engine(triage.database_url)
    async with service.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM event"))).scalar_one() == 0
    for refused in ("INSERT INTO event VALUES (1)", "DELETE FROM event", "CREATE TABLE other (n int)"):
        async with service.connect() as connection:
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(text(refused))
    await service.dispose()
    stranger = intake.database_url.replace("+asyncpg", "").replace(intake.name, triage.name)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(stranger)


async def test_kafka_keeps_what_it_acknowledged(kafka_bootstrap: str) -> None:
    await create_topics(kafka_bootstrap, declared_topics())
    await create_topics(kafka_bootstrap, declared_topics())
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait("intake.events", b"hello", partition=7)
    async with AIOKafkaConsumer(
        "intake.events", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        assert len(consumer.partitions_for_topic("intake.events") or ()) == 8
        record = await asyncio.wait_for(consumer.getone(), 20)
    assert (record.partition, record.offset, record.value) == (7, sent.offset, b"hello")


def test_postgres_comes_back_after_kill_9_with_its_data(tmp_path: Path) -> None:
    first = LocalPostgres(tmp_path / "postgres")
    first.start()
    try:
        databases = create_service_databases(first.url(), ["triage"], tmp_path / "secrets")
        assert create_service_databases(first.url(), ["triage"], tmp_path / "secrets") == databases
        with psycopg.connect(first.url("recourse_triage")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        assert first.child.process is not None
        first.child.process.kill()
        first.child.process.wait()
        second = LocalPostgres(tmp_path / "postgres")
        second.start()
        try:
            with psycopg.connect(second.url("recourse_triage")) as connection:
                assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
        finally:
            second.stop()
    finally:
        first.stop()


def test_postgres_left_running_by_a_killed_run_is_replaced(tmp_path: Path) -> None:
    orphan, heir = LocalPostgres(tmp_path / "postgres"), LocalPostgres(tmp_path / "postgres")
    orphan.start()
    try:
        heir.start()
        assert not orphan.child.alive
        assert heir.answers()
    finally:
        heir.stop()
        orphan.stop()


def test_kafka_comes_back_after_kill_9_on_the_same_port(tmp_path: Path) -> None:
    first = LocalKafka(tmp_path / "kafka")
    first.start()
    try:
        assert first.child.process is not None
        first.child.process.kill()
        first.child.process.wait()
        second = LocalKafka(tmp_path / "kafka", first.port, first.controller_port)
        second.start()
        try:
            assert asyncio.run(_topics(second.bootstrap)) >= {topic.name for topic in declared_topics()}
        finally:
            second.stop()
    finally:
        first.stop()


async def _topics(bootstrap: str) -> set[str]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return set(await consumer.topics())
