"""The tables of what is decided, owed, refused and learnt."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.casebook.tables.schema import INSTANT, metadata
from shared.eventstore.readmodel import added, owned

approval_inbox = Table(
    "approval_inbox",
    metadata,
    Column("exception_id", Uuid, primary_key=True),
    *(owned("approvals", name, Uuid) for name in ("case_id", "request_id")),
    *(owned("approvals", name, Text) for name in ("kind", "policy", "policy_version", "clause", "clause_text")),
    *(owned("approvals", name, Text) for name in ("deviation", "reason", "proposed_by", "required_role", "language")),
    owned("approvals", "quorum", Text),
    owned("approvals", "voices_needed", BigInteger),
    added("voices"),
    owned("approvals", "requested_at", INSTANT),
    owned("approvals", "deadline", INSTANT),
    added("escalations"),
    owned("approvals", "amount", Numeric),
    owned("approvals", "currency", Text),
    owned("approvals", "state", Text),
    owned("approvals", "decided_by", JSONB),
    *(owned("approvals", name, Text) for name in ("on_behalf_of", "authority_role", "authority_matrix", "note")),
    owned("approvals", "decided_at", INSTANT),
    owned("approvals", "conditions", JSONB),
    owned("approvals", "offer", Text),
    owned("approvals", "granted_amount", Numeric),
    owned("approvals", "granted_currency", Text),
    added("attempts_refused"),
    postgresql_with={"fillfactor": 70},
)
KNOWN = approval_inbox.c.state.isnot(None)
Index("approval_inbox_state", "state", "deadline", "exception_id", _table=approval_inbox, postgresql_where=KNOWN)
Index("approval_inbox_deadline", "deadline", "exception_id", _table=approval_inbox, postgresql_where=KNOWN)
Index("approval_inbox_case", "case_id", _table=approval_inbox)

promise_board = Table(
    "promise_board",
    metadata,
    Column("promise_id", Uuid, primary_key=True),
    *(owned("followup", name, Uuid) for name in ("case_id", "customer_id")),
    owned("followup", "what", Text),
    *(owned("followup", name, INSTANT) for name in ("made_at", "due", "at_risk_from")),
    *(owned("followup", name, Text) for name in ("made_by", "backing", "backing_reference", "backing_version")),
    owned("followup", "state", Text),
    added("renegotiations"),
    owned("followup", "evidence", Text),
    owned("followup", "kept_at", INSTANT),
    owned("followup", "late", Boolean),
    owned("followup", "reason", Text),
    owned("followup", "found_at", INSTANT),
    owned("followup", "backed", Boolean),
    postgresql_with={"fillfactor": 70},
)
MADE = promise_board.c.made_at.isnot(None)
Index("promise_board_state", "state", "due", "promise_id", _table=promise_board, postgresql_where=MADE)
Index("promise_board_due", "due", "promise_id", _table=promise_board, postgresql_where=MADE)
Index("promise_board_case", "case_id", _table=promise_board)
FOUND = promise_board.c.state == "found"
Index("promise_board_found", "due", "promise_id", _table=promise_board, postgresql_where=FOUND)

refusal = Table(
    "refusal",
    metadata,
    Column("boundary_id", Uuid, primary_key=True),
    *(owned("triage", name, Uuid) for name in ("case_id", "request_id")),
    *(owned("triage", name, Text) for name in ("policy", "policy_version", "clause", "kind")),
    owned("triage", "stated_at", INSTANT),
)
Index("refusal_clause", "policy", "clause", "stated_at", _table=refusal)
Index("refusal_request", "request_id", _table=refusal)

reflection = Table(
    "reflection",
    metadata,
    Column("reflection_id", Uuid, primary_key=True),
    owned("followup", "case_id", Uuid),
    *(owned("followup", name, Text) for name in ("clause", "noted_by", "what_helped", "what_should_change")),
    owned("followup", "noted_at", INSTANT),
)
Index("reflection_noted_at", "noted_at", "reflection_id", _table=reflection)
