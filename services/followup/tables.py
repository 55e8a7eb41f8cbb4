"""Followup's own table: every calendar that clocks ever counted in, by version; it follows from the log."""

import json
from collections.abc import Sequence

from sqlalchemy import Executable, text

from shared.contracts.event import Fact, Recorded
from shared.contracts.followup_clocks import CalendarPublished

PINNED = text(
    "INSERT INTO pinned_calendar (version, content) VALUES (:version, cast(:content AS jsonb)) ON CONFLICT DO NOTHING"
)
ALL = "SELECT content FROM pinned_calendar"


def index(_event: Recorded, fact: Fact) -> Sequence[Executable]:
    """Give the statements that keep the table in step with a fact just appended."""
    if isinstance(fact, CalendarPublished):
        return [PINNED.bindparams(version=fact.version, content=fact.body().decode())]
    return ()


def calendar_in(content: str) -> CalendarPublished:
    """Read a row's content back as the fact that it was."""
    return CalendarPublished.model_validate(json.loads(content))
