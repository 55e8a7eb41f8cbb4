"""Pins the calendars in force when the service starts, and recalls all that clocks of old cases count in."""

from typing import Any

from services.followup.adapters.calendars import calendar_from, published
from services.followup.domain.commands import PublishCalendar
from services.followup.domain.policies.cadence import FollowupRules
from services.followup.tables import ALL, calendar_in
from shared.eventstore.draft import Provenance
from shared.runtime.shell import Job, Shell


async def pin_calendars(shell: Shell[Any, Any], rules: FollowupRules) -> None:
    """Publish every calendar of the rules that is new, then fill in the versions that were ever published."""
    in_force = {each.version: each for each in rules.clocks.calendars.values()}
    for each in in_force.values():
        command = PublishCalendar(published(each.name, each.calendar), shell.now())
        await shell.record(Job(command, Provenance("system:followup", "start", shell.new_id())))
    async with shell.database.connection() as tx:
        for row in await tx.raw.fetch(ALL):
            fact = calendar_in(row["content"])
            rules.clocks.versions.setdefault(fact.version, calendar_from(fact))
