"""How many cases wait for us, counted time and again; a surge that begins or ends is put on record."""

import asyncio
from typing import Any

from services.intake.domain.commands import NoteLoad
from services.intake.domain.state import IntakeState
from shared.contracts.intake_surge import OPERATIONS
from shared.eventstore.database import TRANSIENT
from shared.eventstore.draft import Provenance
from shared.runtime.shell import Job, Shell
from shared.runtime.telemetry import log
from shared.runtime.telling import tell

EVERY_SECONDS = 2.0
COUNT = "SELECT count(*) FROM tracking WHERE waits_since IS NOT NULL"


class Load:
    """The backlog as it was last counted, and whether it is a surge."""

    def __init__(self, shell: Shell[Any, IntakeState]) -> None:
        self.backlog = 0
        self.surging = False
        self._shell = shell

    async def run(self) -> None:
        """Count until cancelled; a database that is away is asked again."""
        while True:
            try:
                await self.look()
            except TRANSIENT as error:
                log.warning("backlog not counted", error=tell(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Count once, and record that a surge begins or ends if it does."""
        async with self._shell.database.connection() as tx:
            self.backlog = int(await tx.raw.fetchval(COUNT))
        by = Provenance("system:intake", "load", self._shell.new_id())
        await self._shell.record(Job(NoteLoad(OPERATIONS, self._shell.now(), self.backlog), by))
        self.surging = (await self._shell.state(OPERATIONS)).surging
