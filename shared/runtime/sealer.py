"""Seals a log: grows the tree of each log partition, signs checkpoints, refuses to sign a history that changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from shared.eventstore import checkpoints
from shared.eventstore.checkpoints import Sealed
from shared.eventstore.database import TRANSIENT, Database
from shared.eventstore.log_keys import KeyRing, KeyStatement, statement_for
from shared.eventstore.merkle import consistency_spans
from shared.eventstore.notes import Checkpoint, Note, SigningKey, VerifierKey, origin_of
from shared.eventstore.store import Store
from shared.eventstore.tiles import HistoryBroken, Tree
from shared.kernel.errors import MalformedInput
from shared.runtime.clock import now
from shared.runtime.telemetry import log
from shared.runtime.witnessed import Witnessed

SEALER_LOCK = 10
AGAIN_SECONDS = 2.0
SIGNED = Counter("recourse_checkpoints_signed", "Checkpoints signed", ["service"])
REFUSED = Gauge("recourse_checkpoints_refused", "1 while a log partition's history is refused", ["service", "log_part"])
SIZE = Gauge("recourse_checkpoint_size", "Events under the newest checkpoint", ["service", "log_part"])


@dataclass(frozen=True)
class Refusal:
    """Why a log partition is not signed: the finding's name, the position if known, what is wrong, since when."""

    kind: str
    position: int
    problem: str
    since: datetime


class Sealer:
    """Signs a checkpoint of each log partition that grew, every `seconds` and when asked, one at a time over instances.

    Nothing is lost while Kafka is away: checkpoints are kept and go out later. What is signed must go on from what this
    log has signed before, as Kafka gives it back, not only as the database has it.
    """

    def __init__(self, database: Database, store: Store, bootstrap: str, key_file: Path, seconds: float) -> None:
        self.refused: dict[int, Refusal] = {}
        self.sealed_at: datetime | None = None
        self._database = database
        self._store = store
        self._key_file = key_file
        KeyRing.read(key_file)  # a key that cannot be read is told at the start
        self._seconds = seconds
        self._witnessed = Witnessed(store.log, store.parts, bootstrap)
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Seal until cancelled; what is away for now is tried again soon."""
        try:
            while True:
                try:
                    await self.seal(gently=True)
                except (KafkaError, MalformedInput, *TRANSIENT) as error:
                    log.warning("the sealer tries again", error=repr(error))
                    await asyncio.sleep(min(AGAIN_SECONDS, self._seconds))
                else:
                    await asyncio.sleep(self._seconds)
        finally:
            await self.close()

    async def close(self) -> None:
        """Leave Kafka; sealing again comes back to it."""
        await self._witnessed.close()

    async def seal(self, *, gently: bool = False) -> dict[int, Sealed]:
        """Sign what is new, send it, and give the newest checkpoint of each log partition.

        A partition whose history changed is left out of what is signed, and said so loudly (`refused`).
        """
        async with self._one_at_a_time, self._database.connection() as lent:
            await lent.raw.execute("SELECT pg_advisory_lock($1, 0)", SEALER_LOCK)
            try:
                return await self._seal(lent.raw, gently)
            finally:
                if not lent.raw.is_closed():
                    await lent.raw.execute("SELECT pg_advisory_unlock($1, 0)", SEALER_LOCK)

    async def keys(self, raw: asyncpg.Connection) -> list[VerifierKey]:
        """Give the public keys of this log, the newest last: those of statements, and that of the key file."""
        stated = [KeyStatement.parse(Note.parse(note).text) for _, note in await checkpoints.statements(raw)]
        ring = KeyRing.read(self._key_file)
        every = [*(one.old for one in stated), *(one.new for one in stated)]
        every += [ring.previous.verifier()] if ring.previous else []
        return list(dict.fromkeys([*(key for key in every if key != ring.current.verifier()), ring.current.verifier()]))

    async def _seal(self, raw: asyncpg.Connection, gently: bool) -> dict[int, Sealed]:
        ring = KeyRing.read(self._key_file)
        await self._witnessed.look(raw, await self.keys(raw))
        handing_over = await self._handing_over(raw, ring)
        signers = [ring.current]
        if handing_over and ring.previous and not ring.revoked_from:
            signers.append(ring.previous)
        heads = await self._store.heads(raw)
        newest = await checkpoints.newest(raw, self._store.parts)
        for part, head in heads.items():
            try:
                signed = await self._seal_part(raw, part, head, newest.get(part), signers, gently)
            except HistoryBroken as broken:
                self._refuse(broken)
                continue
            self._accept(part)
            if signed is not None:
                newest[part] = signed
        if handing_over:
            sizes = {part: newest[part].size if part in newest else 0 for part in heads}
            note = statement_for(ring, self._store.log, sizes, now())
            assert note is not None
            await checkpoints.state(raw, note.encode(), now())
            log.warning("the key of the log changed", statement=note.text)
        self.sealed_at = now()
        try:
            await self._witnessed.send(raw)
        except KafkaError as error:
            log.warning("Kafka is away; checkpoints go out later", error=repr(error))
        return newest

    async def _handing_over(self, raw: asyncpg.Connection, ring: KeyRing) -> bool:
        """Tell whether the key file names a key before, and no statement says yet that it was followed."""
        if ring.previous is None:
            return False
        pair = ring.previous.verifier(), ring.current.verifier()
        made = [KeyStatement.parse(Note.parse(note).text) for _, note in await checkpoints.statements(raw)]
        return pair not in [(one.old, one.new) for one in made]

    async def _seal_part(
        self,
        raw: asyncpg.Connection,
        part: int,
        head: int,
        standing: Sealed | None,
        signers: Sequence[SigningKey],
        gently: bool,
    ) -> Sealed | None:
        """Check what stands and sign what is new; None when nothing is to be signed. Raises HistoryBroken."""
        tree = Tree(raw, self._store.log, part)
        signed = [one for one in (standing, self._witnessed.largest.get(part)) if one is not None]
        old = max((one.size for one in signed), default=0)
        if head < old:
            told = f"the log ends at {head}, and a checkpoint was signed over {old} events"
            raise HistoryBroken("rolled_back", part, head + 1, told)
        for one in signed:
            if one.chain and await tree.chain_at(one.size) != one.chain:
                told = f"the hash chain at position {one.size} is not what was signed"
                raise HistoryBroken("rewritten", part, one.size, told)
        if head == (standing.size if standing else 0) and (len(signers) == 1 or head == 0):
            return None
        grown = await tree.extend(head, gently=gently)
        for one in signed:
            if await tree.root(one.size) != one.root:
                told = f"the tree over the first {one.size} events is not what was signed"
                raise HistoryBroken("rewritten", part, one.size, told)
        proof = b"".join(await tree.roots(consistency_spans(old, head)))
        point = Checkpoint(origin_of(self._store.log, part), head, grown.root())
        note = Note(point.text, tuple(key.sign(point.text) for key in signers))
        number = max((one.number for one in signed), default=0) + 1
        chain, edge = await tree.chain_at(head), b"".join(grown.edge)
        sealed = Sealed(part, number, head, point.root, chain, note.encode(), edge, old, proof, now())
        await checkpoints.keep(raw, sealed)
        SIGNED.labels(self._store.log).inc()
        SIZE.labels(self._store.log, part).set(head)
        return sealed

    def _refuse(self, broken: HistoryBroken) -> None:
        before = self.refused.get(broken.log_part)
        since = before.since if before else now()
        self.refused[broken.log_part] = Refusal(broken.kind, broken.position, str(broken), since)
        REFUSED.labels(self._store.log, broken.log_part).set(1)
        log.error(
            "a history that changed is not signed",
            log=self._store.log,
            log_part=broken.log_part,
            position=broken.position,
            finding=broken.kind,
            problem=str(broken),
        )

    def _accept(self, part: int) -> None:
        if self.refused.pop(part, None) is not None:
            log.warning("the history of a log partition holds again", log=self._store.log, log_part=part)
        REFUSED.labels(self._store.log, part).set(0)
