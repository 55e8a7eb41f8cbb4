"""Append to and read from one service's log."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from uuid import UUID

import asyncpg

from shared.contracts.event import Fact, Recorded, decode
from shared.eventstore.draft import CommandId, Draft, as_recorded
from shared.eventstore.partition import log_part
from shared.eventstore.refusals import Admit, always, understood
from shared.eventstore.seal import ERASED_TEXT, MARK, may_be_sealed
from shared.eventstore.vault import Vault
from shared.kernel.errors import ReusedCommandId

APPEND_ONE = "SELECT at, recorded, chain FROM append_event($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)"
FACTS = "SELECT position, type, body FROM event WHERE log_part = $1 AND position > $2 ORDER BY position LIMIT $3"
PAGE = 2000
APPEND = "SELECT * FROM append_events($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)"


def _columns(log: str) -> str:
    """Select the fields of Recorded in their order, from `event e`."""
    return ", ".join(f"'{log}'::text" if name == "log" else f"e.{name}" for name in Recorded._fields)


class Store:
    """One service's log. Every method works on the connection it is given, inside its transaction if there is one.

    With a vault, personal values are stored sealed. `read` and `read_all` give bodies as they are stored, for what
    leaves the service; everything else gives them opened. Hashes are always those of the stored bodies.
    """

    def __init__(self, log: str, parts: int, vault: Vault | None = None) -> None:
        self.log = log
        self.parts = parts
        self.vault = vault
        self.admit: Admit = always
        columns = _columns(log)
        self._load = (
            f"SELECT {columns} FROM unnest($1::smallint[], $2::uuid[], $3::int[]) AS s(part, id, version)"
            " JOIN event e ON e.log_part = s.part AND e.stream_id = s.id AND e.version > s.version"
            " ORDER BY e.stream_id, e.version"
        )
        self._read = f"SELECT {columns} FROM event e WHERE log_part = $1 AND position > $2 ORDER BY position LIMIT $3"
        self._read_all = (
            f"SELECT {columns} FROM unnest($1::smallint[], $2::bigint[]) AS s(part, position) CROSS JOIN LATERAL"
            " (SELECT * FROM event WHERE log_part = s.part AND position > s.position ORDER BY position LIMIT $3) AS e"
            " ORDER BY e.log_part, e.position"
        )
        self._by_command = (
            f"SELECT {columns} FROM command c JOIN event e ON e.log_part = c.log_part"
            " AND e.position >= c.first_position AND e.position < c.first_position + c.events"
            " WHERE c.log_part = $1 AND c.command_id = $2 ORDER BY e.position"
        )

    def part_of(self, stream_id: UUID) -> int:
        """Give the log partition of a stream."""
        return log_part(stream_id, self.parts)

    async def append(
        self, raw: asyncpg.Connection, drafts: Sequence[Draft], *, command: CommandId | None = None
    ) -> list[Recorded]:
        """Append facts of one or more streams, log partitions in ascending order, and give them as recorded.

        With `command`, all drafts must fall into one log partition (the command is remembered there); a known command
        with the same content gives the events recorded then. Raises StaleVersion when a stream has moved on, and
        ReusedCommandId when the command id was used with other content.
        """
        await self.admit(raw)
        if len(drafts) == 1 and command is None:
            return [await self._append_one(raw, drafts[0])]
        by_part: dict[int, list[Draft]] = {}
        for draft in drafts:
            by_part.setdefault(self.part_of(draft.fact.stream_id), []).append(draft)
        recorded: list[Recorded] = []
        for part in sorted(by_part):
            recorded += await self._append_part(raw, part, by_part[part], command)
        return recorded

    async def _append_one(self, raw: asyncpg.Connection, draft: Draft) -> Recorded:
        """Append one event: the hot path, one round trip with scalar arguments."""
        fact, by = draft.fact, draft.by
        stream = fact.stream_id
        body = fact.body() if self.vault is None else await self.vault.seal(fact, draft.event_id)
        part = self.part_of(stream)
        try:
            row = await raw.fetchrow(
                APPEND_ONE,
                part,
                draft.event_id,
                fact.TYPE,
                fact.STREAM,
                stream,
                draft.version,
                by.actor,
                by.on_behalf_of,
                by.via,
                by.command_id,
                by.correlation_id,
                by.causation_id,
                by.traceparent,
                by.received_at,
                by.caused_at,
                body,
            )
        except asyncpg.PostgresError as error:
            raise understood(error) from error
        return await self._as_decided(as_recorded(draft, body, self.log, part, *row), fact)

    async def remember(self, raw: asyncpg.Connection, stream_id: UUID, command: CommandId) -> None:
        """Record that a command was carried out and changed nothing."""
        await self.admit(raw)
        await self._append_part(raw, self.part_of(stream_id), [], command)

    async def _append_part(
        self, raw: asyncpg.Connection, part: int, drafts: Sequence[Draft], command: CommandId | None
    ) -> list[Recorded]:
        if self.vault is None:
            bodies = [draft.fact.body() for draft in drafts]
        else:
            bodies = await self.vault.seal_all([(draft.fact, draft.event_id) for draft in drafts])
        by = [draft.by for draft in drafts]
        try:
            row = await raw.fetchrow(
                APPEND,
                part,
                command.command_id if command else None,
                command.content_hash if command else None,
                [draft.event_id for draft in drafts],
                [draft.fact.TYPE for draft in drafts],
                [draft.fact.STREAM for draft in drafts],
                [draft.fact.stream_id for draft in drafts],
                [draft.version for draft in drafts],
                [p.actor for p in by],
                [p.on_behalf_of for p in by],
                [p.via for p in by],
                [p.command_id for p in by],
                [p.correlation_id for p in by],
                [p.causation_id for p in by],
                [p.traceparent for p in by],
                [p.received_at for p in by],
                [p.caused_at for p in by],
                bodies,
            )
        except asyncpg.PostgresError as error:
            raise understood(error) from error
        if row["repeated"] and command:
            return await self.recorded_by(raw, part, command) or []
        places = zip(row["ats"] or (), row["recorded"] or (), row["chains"] or (), strict=True)
        recorded = zip(drafts, bodies, places, strict=True)
        return [
            await self._as_decided(as_recorded(draft, body, self.log, part, *place), draft.fact)
            for draft, body, place in recorded
        ]

    async def _as_decided(self, event: Recorded, fact: Fact) -> Recorded:
        """Give an event as it was before it was sealed; as it is stored where somebody in it is erased."""
        if self.vault is None or MARK not in event.body:
            return event
        if ERASED_TEXT in event.body:
            return (await self.opened([event]))[0]
        return event._replace(body=fact.body())

    async def recorded_by(self, raw: asyncpg.Connection, part: int, command: CommandId) -> list[Recorded] | None:
        """Give what a known command recorded, None when it is not known.

        Raises ReusedCommandId when the id was used with other content.
        """
        content = await raw.fetchval(
            "SELECT content_hash FROM command WHERE log_part = $1 AND command_id = $2", part, command.command_id
        )
        if content is None:
            return None
        if content != command.content_hash:
            raise ReusedCommandId(
                f"command id {command.command_id} was used before with other content",
                field="Idempotency-Key",
                fix="send a new id with a new command, or the same content with the old id",
            )
        rows = await raw.fetch(self._by_command, part, command.command_id)
        return await self.opened([Recorded._make(row) for row in rows])

    async def load(self, raw: asyncpg.Connection, known: Mapping[UUID, int]) -> dict[UUID, list[Recorded]]:
        """Give the events of each stream after the version that is known (0 for all), oldest first."""
        ids = list(known)
        rows = await raw.fetch(self._load, [self.part_of(i) for i in ids], ids, list(known.values()))
        streams: dict[UUID, list[Recorded]] = {i: [] for i in ids}
        for event in await self.opened([Recorded._make(row) for row in rows]):
            streams[event.stream_id].append(event)
        return streams

    async def opened(self, events: list[Recorded]) -> list[Recorded]:
        """Give events with their bodies opened, in memory only; as they are where there is no vault."""
        return events if self.vault is None else await self.vault.open_events(events)

    async def read(self, raw: asyncpg.Connection, part: int, after: int, limit: int) -> list[Recorded]:
        """Give up to `limit` events of a log partition after a position, in the order of the log."""
        return [Recorded._make(row) for row in await raw.fetch(self._read, part, after, limit)]

    async def read_all(self, raw: asyncpg.Connection, after: Mapping[int, int], limit: int) -> list[Recorded]:
        """Give up to `limit` events of each log partition after the position given for it, in the order of the log."""
        rows = await raw.fetch(self._read_all, list(after), list(after.values()), limit)
        return [Recorded._make(row) for row in rows]

    async def facts(self, raw: asyncpg.Connection, part: int, after: int = 0) -> AsyncIterator[Iterator[Fact]]:
        """Go through a log partition in order, in pages that are decoded as they are gone through.

        The next page is on its way while this one is handled. Facts of types unknown here are left out. Ends at the
        head that is seen when it gets there.
        """
        coming = asyncio.ensure_future(raw.fetch(FACTS, part, after, PAGE))
        try:
            while rows := await coming:
                coming = asyncio.ensure_future(raw.fetch(FACTS, part, rows[-1][0], PAGE))
                await asyncio.sleep(0)
                if self.vault is not None and any(may_be_sealed(row[1]) for row in rows):
                    bodies = await self.vault.open_bodies([row[2] for row in rows])
                    rows = [(*row[:2], body) for row, body in zip(rows, bodies, strict=True)]
                yield (fact for _, wire_type, body in rows if (fact := decode(wire_type, body)) is not None)
        finally:
            coming.cancel()

    async def heads(self, raw: asyncpg.Connection) -> dict[int, int]:
        """Give the last position of each log partition; 0 where nothing is recorded."""
        rows = await raw.fetch(
            "SELECT p, (SELECT position FROM event WHERE log_part = p ORDER BY position DESC LIMIT 1) AS head"
            " FROM generate_series(0, $1::int - 1) AS p",
            self.parts,
        )
        return {row["p"]: row["head"] or 0 for row in rows}
