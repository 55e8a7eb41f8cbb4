"""Policies and triage's own log: seeded from the policy directory, published, and learnt again every second."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.triage import CHARTER
from services.triage.adapters.pack_files import PackFiles, read_pack_files
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.policy_store import BUSINESS, PackKind, PolicyStore
from services.triage.domain.policies.pack import PackFile
from services.triage.domain.policies.publishing import PublishPolicy, Versions, content_hash, make_publishing
from services.triage.tables import STREAMS, index
from shared.contracts.event import Fact, Recorded
from shared.contracts.triage_policy import PolicyPublished, policy_stream
from shared.eventstore.database import TRANSIENT
from shared.eventstore.draft import Provenance
from shared.kernel.errors import RecourseError
from shared.runtime.rules import Rules
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import log

SYSTEM = "system:triage"
EVERY_SECONDS = 1.0


def no_reactions(_event: Recorded, _fact: Fact, _now: datetime) -> Sequence[PublishPolicy]:
    """Nothing that others say publishes a policy."""
    return ()


class PolicyLog:
    """Publishes policies in triage's log and keeps a store of them up to date."""

    def __init__(self, shell: Shell[Any, Any], policies: PolicyStore) -> None:
        """`shell` is the service's; policies are recorded in its log, under rules of their own."""
        self.policies = policies
        rules = Rules(charter=CHARTER, decider=make_publishing(), react=no_reactions, index=index)
        self.shell: Shell[PublishPolicy, Versions] = Shell(shell.database, shell.store, rules)
        self.shell.appended = shell.appended  # one relay publishes what either of them records
        self._known: dict[UUID, int] = {}
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Learn the versions that were published since; they are compiled beside the event loop."""
        async with self._refreshing, self.shell.database.connection() as tx:
            heads = {row["stream_id"]: row["version"] for row in await tx.run(STREAMS)}
            behind = {one: self._known.get(one, 0) for one, head in heads.items() if self._known.get(one, 0) < head}
            streams = await self.shell.store.load(tx.raw, behind) if behind else {}
            for stream, events in streams.items():
                for event in events:
                    if isinstance(fact := event.fact, PolicyPublished):
                        await asyncio.to_thread(self.policies.take, fact, event.version)
                    self._known[stream] = event.version

    async def seed(self, policy_dir: Path) -> None:
        """Publish each pack of a directory whose version is not on record, in the system's name.

        The leading policy must be there and sound; another one that cannot be read is left out, and the log says so.
        Raises MalformedInput for a leading policy that cannot be read.
        """
        for home in _homes(policy_dir):
            try:
                await self._seed(home)
            except RecourseError as error:
                if home.name == self.policies.leading:
                    raise
                log.error("policy not published", directory=str(home), problem=str(error))

    async def _seed(self, home: Path) -> None:
        files = read_pack_files(home)
        business = files.parsed("pack.yaml", PackKind).kind == BUSINESS
        facts = PolicyPack(files).facts if business else files.parsed("pack.yaml", PackFile)
        known = (await self.shell.state(policy_stream(facts.id))).hashes.get(facts.version)
        if known is None:
            await self.shell.record(Job(publication(files, facts.id, facts.version, self.shell.now()), _by_system()))
        elif known != content_hash(files.files):
            log.warning(
                "a published version stays as it is; raise the version in pack.yaml to change it",
                policy=facts.id,
                version=facts.version,
            )

    @asynccontextmanager
    async def running(self, policy_dir: Path) -> AsyncIterator[None]:
        """Seed, learn all versions, and go on learning until the end."""
        await self.refresh()
        await self.seed(policy_dir)
        await self.refresh()
        task = asyncio.create_task(self._keep_up(), name="policies")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.refresh()
            except TRANSIENT as error:
                log.warning("database away", error=repr(error))
            except RecourseError as error:
                log.error("a published policy cannot be read", problem=str(error))


def _homes(policy_dir: Path) -> list[Path]:
    return sorted(path.parent for path in policy_dir.glob("*/pack.yaml"))


def publication(files: PackFiles, policy: str, version: str, now: datetime) -> PublishPolicy:
    """Make the command that publishes a directory's pack as it is."""
    return PublishPolicy(policy, version, files.files, now, SYSTEM, note="from the policy directory")


def _by_system() -> Provenance:
    return Provenance(actor=SYSTEM, via="policy directory", correlation_id=Shell.new_id())
