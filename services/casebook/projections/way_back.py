"""The way back from a switch: the previous read models are brought up to date and take live's place again."""

from collections.abc import Callable
from dataclasses import replace

import asyncpg

from services.casebook import CHARTER
from services.casebook.projections import building, schemas
from services.casebook.projections.catching_up import Shadow, level
from services.casebook.projections.order import Progress, RebuildOrder, Rebuilt, alone, connect
from services.casebook.projections.reading import Mark, open_reader
from services.casebook.projections.rebuild import put_in_place
from services.casebook.projections.vault_access import open_search
from services.casebook.tables import LIVE, PREVIOUS, SHADOW
from shared.kernel.errors import RecourseError

COLUMNS = """
    SELECT count(*) FROM (
        (SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $3
         EXCEPT SELECT column_name, data_type FROM information_schema.columns
         WHERE table_schema = $2 AND table_name = $3)
        UNION ALL
        (SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $2 AND table_name = $3
         EXCEPT SELECT column_name, data_type FROM information_schema.columns
         WHERE table_schema = $1 AND table_name = $3)) differing"""


class NoWayBack(RecourseError):
    """There is nothing to go back to, or the service cannot work with it."""

    status = 409
    title = "There is no way back"


async def go_back(order: RebuildOrder, progress: Callable[[Progress], None]) -> Rebuilt:
    """Bring what was live before the last switch up to date, and switch to it; what is live now becomes the previous.

    Raises RebuildRunning, NoWayBack, TopicGap, TopicStalled or ParkedMeanwhile; live is untouched then.
    """
    done = Rebuilt(switched=True)
    async with (
        alone(order) as pauser,
        connect(order) as conn,
        open_reader(order.kafka_bootstrap, order.topics) as reader,
        open_search(order.vault) as search,
    ):
        kept = await building.read(conn, PREVIOUS)
        if kept is None:
            raise NoWayBack(
                "no previous read models are kept", fix="they are kept by a switch: recourse replay --switch"
            )
        order = replace(order, models=kept.models)
        for name in kept.models:
            await _check_form(conn, name)
        places = [(source, part) for source in CHARTER.listens for part in range(order.log_parts)]
        marks = {place: kept.marks.get(place, Mark()) for place in places}
        shadow = Shadow(conn, reader, marks, kept.left_out, PREVIOUS, order.chosen(), search)
        stood = sum(mark.position for mark in marks.values())
        progress(Progress("switching", 0, 1))
        with done.timed("switching"):
            async with level(pauser, shadow, patience_seconds=order.patience_seconds, may_lead=False) as live:
                await schemas.drop(pauser, SHADOW)
                await pauser.execute(f"ALTER SCHEMA {PREVIOUS} RENAME TO {SHADOW}")
                await put_in_place(pauser, order, live)
        done.events = sum(mark.position for mark in marks.values()) - stood
        progress(Progress("switching", 1, 1))
    return done


async def drop_previous(order: RebuildOrder) -> bool:
    """Give up the way back and its room on disk; tell whether there was one."""
    async with alone(order) as conn:
        there = await schemas.exists(conn, PREVIOUS)
        await schemas.drop(conn, PREVIOUS)
        return there


async def _check_form(conn: asyncpg.Connection, name: str) -> None:
    if await conn.fetchval(COLUMNS, LIVE, PREVIOUS, name):
        raise NoWayBack(
            f"the previous {name} has other columns than the live one, which this version of the service writes",
            fix="start the version that made it, or rebuild with recourse replay",
        )
