"""`recourse audit witness`: a second signer that watches the logs and cosigns what holds."""

import asyncio
import os
import time
from base64 import b64decode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer
from aiokafka import AIOKafkaProducer
from rich.text import Text

from deploy.local.cli.audit_checkpoint import evidence_parts, kafka_of
from deploy.local.cli.context import AsOption, Context, HomeOption, JsonOption, open_context
from deploy.local.errors import UsageError
from deploy.local.evidence_files import FiledNote, hashes, read_notes, write_note
from deploy.local.log_keys import LogKeys, read_public
from deploy.local.secret_files import write_secret
from deploy.local.witnessing import Remembered, Witness, WitnessRefusal
from shared.eventstore.log_keys import KeyBook, parse_private, private_line
from shared.eventstore.notes import COSIGNATURE, Note, NoteError, SigningKey
from shared.messaging.evidence import CHECKPOINT, COSIGNED, STATEMENT, Evidence, EvidenceReader, send

LOOK_SECONDS = 5.0


def witness(
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The witness's private key; made if not there.")],
    state: Annotated[Path, typer.Option("--state", metavar="FILE", help="Where it remembers what it saw.")],
    name: Annotated[
        str, typer.Option("--name", help="The witness's name, for a new key.")
    ] = "recourse.example/witness",
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="Public keys of the logs. Default: the stack's own.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Read exported notes here instead of Kafka.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Write cosigned notes here; with Kafka, there as well.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when all that is there was looked at.")] = False,
    user: AsOption = "audra",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check each new checkpoint and cosign it: that it is signed, and goes on from what was seen before.

    Run it where those who run the logs have no access: its memory is what makes a rewritten history visible to
    everybody. With --from it needs no stack. Exit code 1 if a checkpoint was refused.

    JSON: {"witness": its public key, "cosigned", "refused": [{"finding", "origin", "problem"}]}.
    """
    if source is not None and to is None:
        raise UsageError("--from needs --to", "Name the directory for the cosigned notes.")
    context = open_context(home, as_json)
    try:
        pinned = read_public(keys) if keys else LogKeys(context.home.identity).public()
    except OSError as error:
        raise UsageError(f"--keys: {keys} cannot be read: {error.strerror}", "Name a file of public keys.") from error
    if not pinned:
        raise UsageError("--keys: there are no public keys of logs", "Name a file with one a line.")
    run = Watch(
        context, Witness(_own_key(key, name), KeyBook(pinned), Remembered.load(state), _Asks(context, user)), to
    )
    if source is not None:
        run.look(_filed(source))
    else:
        asyncio.run(run.follow_kafka(kafka_of(context), once=once))
    public = run.witness.key.verifier(COSIGNATURE).vkey
    data = {"witness": public, "cosigned": run.cosigned, "refused": run.refused}
    context.emit(data, lambda out: out.print(Text(f"{run.cosigned} checkpoints cosigned by {public}."), soft_wrap=True))
    if run.refused:
        raise typer.Exit(1)


class Watch:
    """One run of a witness: what it cosigned and refused."""

    def __init__(self, context: Context, who: Witness, to: Path | None) -> None:
        self.witness = who
        self.cosigned = 0
        self.refused: list[dict[str, str]] = []
        self._context = context
        self._to = to

    async def follow_kafka(self, bootstrap: str, *, once: bool) -> None:
        """Look at the whole topic, then at what is new every few seconds, until stopped."""
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
        async with EvidenceReader(bootstrap, evidence_parts()) as reader:
            await producer.start()
            try:
                records = await reader.everything()
                while True:
                    known = {one.value for one in records if one.kind == COSIGNED}
                    made = self.look(_wired(records))
                    fresh = [(part, note) for part, note in made if not _cosigned_before(note, known, self.witness.key)]
                    await send(producer, [_record(part, note) for part, note in fresh])
                    if once:
                        return
                    await asyncio.sleep(LOOK_SECONDS)
                    records = await reader.news()
            finally:
                await producer.stop()

    def look(self, notes: Iterable[tuple[str, int, FiledNote]]) -> list[tuple[int, Note]]:
        """Take in statements about keys, then cosign what holds; gives the cosigned notes and their partitions."""
        listed = list(notes)
        self._follow([one.note for kind, _, one in listed if kind == STATEMENT])
        # Only the largest of each origin is worth a cosignature: it covers all before it.
        made: dict[str, tuple[int, Note]] = {}
        for kind, part, one in listed:
            if kind != CHECKPOINT:
                continue
            try:
                note = self.witness.consider(one.note, one.old, one.proof, int(time.time()))
            except WitnessRefusal as no:
                self._refuse(no.finding, no.origin, str(no))
            except NoteError as error:
                self._refuse("signature_wrong", str(one.path), error.problem)
            else:
                if note is not None:
                    made[note.text.split("\n", 1)[0]] = (part, note)
        self.cosigned += len(made)
        if self._to is not None:
            for _, note in made.values():
                write_note(self._to, note.encode())
        return list(made.values())

    def _follow(self, statements: Sequence[bytes]) -> None:
        try:
            self.witness.book.follow(statements)
        except NoteError as error:
            self._refuse("key_statement_wrong", "keys", error.problem)

    def _refuse(self, finding: str, origin: str, problem: str) -> None:
        self.refused.append({"finding": finding, "origin": origin, "problem": problem})
        self._context.err.print(Text(f"refused ({finding}) {origin}: {problem}", "red"), soft_wrap=True)


class _Asks:
    """Asks the running stack for a proof where the record has none that fits."""

    def __init__(self, context: Context, user: str) -> None:
        self._context = context
        self._user = user

    def __call__(self, origin: str, old: int, new: int) -> Sequence[bytes] | None:
        _, service, part = origin.split("/")
        if not self._context.home.is_running():
            return None
        with self._context.client(service, self._user) as client:
            answer: httpx.Response = client.get(f"/evidence/consistency/{part}", params={"old": old, "new": new})
        return [b64decode(one) for one in answer.json()["proof"]] if answer.is_success else None


def _own_key(path: Path, name: str) -> SigningKey:
    if not path.exists():
        write_secret(path, f"{private_line(SigningKey(name, os.urandom(32)))}\n".encode())
    try:
        return parse_private(path.read_text().strip())
    except (OSError, NoteError) as error:
        raise UsageError(f"--key: {path} holds no private key", "Name a file that is not there yet.") from error


def _wired(records: Iterable[Evidence]) -> list[tuple[str, int, FiledNote]]:
    return [
        (
            one.kind,
            one.part,
            FiledNote(
                Path(f"{one.key}@{one.offset}"), one.value, one.number("old"), hashes(one.headers.get("proof", b""))
            ),
        )
        for one in records
    ]


def _filed(directory: Path) -> list[tuple[str, int, FiledNote]]:
    if not directory.is_dir():
        raise UsageError(f"--from: {directory} is no directory", "Make one: recourse audit checkpoint --export DIR.")
    return [(STATEMENT if one.path.parent.name == "keys" else CHECKPOINT, 0, one) for one in read_notes(directory)]


def _cosigned_before(note: Note, known: Iterable[bytes], key: SigningKey) -> bool:
    """Tell whether the topic has this text cosigned by us already; the time of a cosignature differs."""
    public = [key.verifier(COSIGNATURE)]
    for raw in known:
        try:
            if raw.startswith(note.text.encode()) and Note.parse(raw).signed_by(public):
                return True
        except NoteError:  # somebody else's: it says nothing of ours
            continue
    return False


def _record(part: int, note: Note) -> Evidence:
    return Evidence(COSIGNED, note.text.split("\n", 1)[0], note.encode(), {}, part)


def add_to(group: typer.Typer) -> None:
    """Register the verb."""
    group.command()(witness)
