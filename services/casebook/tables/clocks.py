"""The table of clocks, one row each, written by followup alone."""

from sqlalchemy import Column, Index, Table, Text, Uuid

from services.casebook.tables.schema import INSTANT, metadata
from shared.eventstore.readmodel import owned

clock_board = Table(
    "clock_board",
    metadata,
    Column("clock_id", Uuid, primary_key=True),
    owned("followup", "case_id", Uuid),
    *(owned("followup", name, Text) for name in ("clock", "metric", "state", "held_by", "reason")),
    *(owned("followup", name, INSTANT) for name in ("started", "original_due", "due", "moved_at", "breached_at")),
    *(owned("followup", name, Text) for name in ("level", "whom")),
    postgresql_with={"fillfactor": 60},
)
RUNNING = clock_board.c.state == "running"
Index("clock_board_due", "due", "clock_id", _table=clock_board, postgresql_where=RUNNING)
Index("clock_board_case", "case_id", _table=clock_board)
