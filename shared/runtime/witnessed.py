"""What Kafka has of a log's checkpoints: read back before anything is signed, and sent after."""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.eventstore import checkpoints
from shared.eventstore.notes import Checkpoint, Note, NoteError, VerifierKey, key_name, origin_of
from shared.messaging.evidence import CHECKPOINT, FIRST_LOOK, STATEMENT, Evidence, EvidenceReader, send
from shared.runtime.telemetry import log


class Seen(NamedTuple):
    """A checkpoint of our own that Kafka gave back; `chain` is empty where the record did not say it."""

    number: int
    size: int
    root: bytes
    chain: bytes


class Witnessed:
    """The largest checkpoint of each log partition that Kafka has under our signature.

    What was seen once is remembered as long as the process lives, whatever becomes of the topic.
    """

    def __init__(self, log_name: str, parts: int, bootstrap: str) -> None:
        self.largest: dict[int, Seen] = {}
        self._log = log_name
        self._parts = parts
        self._bootstrap = bootstrap
        self._reader: EvidenceReader | None = None
        self._producer: AIOKafkaProducer | None = None

    async def look(self, raw: asyncpg.Connection, keys: Sequence[VerifierKey]) -> None:
        """Read what Kafka has; KafkaError only where nothing was read back before, as nothing may be signed then."""
        try:
            if self._reader is not None and not await self._reader.shrank():
                self._take(await self._reader.news(), keys)
                return
            await self._look_first(raw, keys)
        except KafkaError as error:
            first = self._reader is None
            await self.close()
            if first:
                raise
            log.warning("Kafka is away; checkpoints go out later", error=repr(error))

    async def send(self, raw: asyncpg.Connection) -> int:
        """Send the checkpoints and statements that Kafka lacks, in order; give how many. KafkaError if it is away."""
        count = 0
        while waiting := await checkpoints.unsent(raw):
            await send(await self._sending(), [self._record(one) for one in waiting])
            await checkpoints.mark_sent(raw, waiting)
            count += len(waiting)
        stated = await checkpoints.statements(raw, unsent_only=True)
        if stated:
            key = f"{key_name(self._log)}/keys"
            await send(await self._sending(), [Evidence(STATEMENT, key, note, {}, 0) for _, note in stated])
            await checkpoints.mark_stated(raw, [number for number, _ in stated])
        return count + len(stated)

    async def close(self) -> None:
        """Leave Kafka; the next look begins anew."""
        reader, producer = self._reader, self._producer
        self._reader = self._producer = None
        if reader is not None:
            await reader.stop()
        if producer is not None:
            await producer.stop()

    async def _look_first(self, raw: asyncpg.Connection, keys: Sequence[VerifierKey]) -> None:
        """Go back in each partition until a checkpoint of ours comes, and have what the topic lacks sent again."""
        await self.close()
        reader = EvidenceReader(self._bootstrap, self._parts)
        await reader.start()
        try:
            for part in range(self._parts):
                await self._look_back(reader, part, keys)
                seen = self.largest.get(part)
                again = await checkpoints.send_again(raw, part, seen.number if seen else 0)
                if again:
                    log.warning("Kafka lacks checkpoints that it had; they are sent again", log_part=part, count=again)
        except BaseException:
            await reader.stop()
            raise
        self._reader = reader

    async def _look_back(self, reader: EvidenceReader, part: int, keys: Sequence[VerifierKey]) -> None:
        upto: int | None = None
        most = FIRST_LOOK
        while records := await reader.look_back(part, upto, most):
            if self._take(records, keys):
                return
            upto, most = records[0].offset, most * 8

    def _take(self, records: Sequence[Evidence], keys: Sequence[VerifierKey]) -> bool:
        """Remember the largest of our own; what others wrote there is none of our business. True if one was ours."""
        ours = False
        for record in records:
            if record.kind != CHECKPOINT or record.key != origin_of(self._log, record.part):
                continue
            try:
                note = Note.parse(record.value)
                point = Checkpoint.parse(note.text)
                if point.origin != record.key or not note.signed_by(keys):
                    continue
            except NoteError as error:
                log.warning("Kafka has a checkpoint under our name that is not ours", error=str(error))
                continue
            ours = True
            before = self.largest.get(record.part)
            if before is None or point.size > before.size:
                chain = record.headers.get("chain", b"").decode(errors="replace")
                self.largest[record.part] = Seen(record.number("number"), point.size, point.root, _hex(chain))
        return ours

    def _record(self, sealed: checkpoints.Sealed) -> Evidence:
        headers = {
            "number": str(sealed.number).encode(),
            "chain": sealed.chain.hex().encode(),
            "old": str(sealed.old_size).encode(),
            "proof": sealed.proof,
            "signedat": sealed.signed_at.isoformat().encode(),
        }
        return Evidence(CHECKPOINT, origin_of(self._log, sealed.log_part), sealed.note, headers, sealed.log_part)

    async def _sending(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True, acks="all")
            await producer.start()
            self._producer = producer
        return self._producer


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
