"""The read models' tables, with the merge rule of each column; they stand in schema `live`, and can be made in any."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Index,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from shared.eventstore.readmodel import ReadModel, added, greatest, least, owned

LIVE, SHADOW, PREVIOUS = "live", "shadow", "previous"

metadata = MetaData(schema=LIVE, naming_convention={"pk": "%(table_name)s_pkey"})
INSTANT = DateTime(timezone=True)

# Derived from columns of three owners, so it is computed and never written.
CASE_STATUS = """
    CASE WHEN outcome = 'closed' THEN 'closed'
         WHEN outcome = 'resolved' THEN 'resolved'
         WHEN exceptions_open > 0 OR last_answer_at >= last_heard_at THEN 'waiting'
         ELSE 'open' END"""

# The order in which open cases are worked on: the lowest first, of equals the answer due first.
CASE_RANK = """
    CASE WHEN emergency THEN 0
         WHEN urgency = 'critical' THEN 1
         WHEN urgency = 'high' THEN 2
         WHEN urgency = 'low' THEN 4
         ELSE 3 END"""

case_list = Table(
    "case_list",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    owned("intake", "tracking_code", Text),
    owned("intake", "customer_id", Uuid),
    owned("intake", "channel", Text),
    owned("intake", "subject", Text),
    owned("intake", "opened_at", INSTANT),
    owned("intake", "answer_due", INSTANT),
    owned("intake", "linked_case_id", Uuid),
    added("messages_in"),
    added("messages_out"),
    added("undelivered"),
    greatest("last_heard_at"),
    greatest("last_answer_at"),
    least("first_answer_at"),
    owned("triage", "kind", Text),
    owned("triage", "remedy", Text),
    owned("triage", "urgency", Text),
    owned("triage", "tone", Text),
    owned("triage", "language", Text),
    owned("triage", "emergency", Boolean),
    owned("triage", "amount", Numeric),
    owned("triage", "currency", Text),
    owned("triage", "boundary_clause", Text),
    added("requests"),
    added("boundaries"),
    added("grants"),
    added("exceptions"),
    added("exceptions_open"),
    owned("approvals", "exception_state", Text),
    added("promises"),
    added("promises_open"),
    added("promises_broken"),
    owned("followup", "outcome", Text),
    owned("followup", "resolved_how", Text),
    owned("followup", "closes_at", INSTANT),
    owned("followup", "settled", Boolean),
    Column("status", Text, Computed(text(CASE_STATUS), persisted=True)),
    Column("rank", SmallInteger, Computed(text(CASE_RANK), persisted=True)),
    # With room on the page, an update that changes no indexed column touches no index.
    postgresql_with={"fillfactor": 60},
)
# A case is listed once its opening is known; until then its row only gathers what came first.
LISTED = case_list.c.opened_at.isnot(None)
for column in ("status", "channel", "kind", "tone", "customer_id"):
    Index(f"case_list_{column}", column, "opened_at", "case_id", postgresql_where=LISTED, _table=case_list)
for column in ("opened_at", "last_heard_at"):
    Index(f"case_list_{column}", column, "case_id", postgresql_where=LISTED, _table=case_list)
Index("case_list_answer_due", "status", "answer_due", "case_id", postgresql_where=LISTED, _table=case_list)
Index("case_list_rank", "status", "rank", "answer_due", "case_id", postgresql_where=LISTED, _table=case_list)
Index("case_list_tracking_code", case_list.c.tracking_code)

SUBJECT_WORDS = "to_tsvector('simple', left(subject, 1000))"

case_search = Table(
    "case_search",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    owned("intake", "subject", Text),
    Column("words", TSVECTOR, Computed(text(SUBJECT_WORDS), persisted=True)),
)
Index("case_search_words", case_search.c.words, postgresql_using="gin")

case_timeline = Table(
    "case_timeline",
    metadata,
    Column("log", Text, primary_key=True),
    Column("log_part", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("type", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("received_at", INSTANT),
    Column("actor", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("via", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("why", Text),
    Column("about_id", Uuid),
    Column("causation_id", Uuid),
    Column("correlation_id", Uuid, nullable=False),
    Column("trace_id", Text),
)
Index("case_timeline_case", "case_id", "recorded_at", "log", "log_part", "position", _table=case_timeline)

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

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    owned("intake", "name", Text),
    least("known_since"),
)
customer_address = Table(
    "customer_address",
    metadata,
    Column("log", Text, primary_key=True),
    Column("log_part", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", Uuid, nullable=False),
    Column("address_kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("known_since", INSTANT, nullable=False),
)
Index("customer_address_customer", "customer_id", _table=customer_address)
Index("customer_address_address", "address", _table=customer_address, postgresql_using="hash")

# One row a log partition, so that partitions never wait for each other; queries add them up.
counter = Table(
    "counter",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("log_part", SmallInteger, primary_key=True, autoincrement=False),
    added("number"),
    postgresql_with={"fillfactor": 50},
)

CASE_LIST = ReadModel(case_list)
CASE_SEARCH = ReadModel(case_search)
CASE_TIMELINE = ReadModel(case_timeline, append_only=True)
APPROVAL_INBOX = ReadModel(approval_inbox)
PROMISE_BOARD = ReadModel(promise_board)
REFUSAL = ReadModel(refusal)
REFLECTION = ReadModel(reflection)
CUSTOMER = ReadModel(customer)
CUSTOMER_ADDRESS = ReadModel(customer_address, append_only=True)
COUNTER = ReadModel(counter)
MODELS = (
    CASE_LIST,
    CASE_SEARCH,
    CASE_TIMELINE,
    APPROVAL_INBOX,
    PROMISE_BOARD,
    REFUSAL,
    REFLECTION,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    COUNTER,
)
