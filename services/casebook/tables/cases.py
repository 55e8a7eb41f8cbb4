"""The tables of cases: the list, its search, and the timeline."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Index,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)

from services.casebook.tables.schema import INSTANT, metadata
from shared.eventstore.readmodel import added, greatest, least, owned

# Derived from columns of three owners, so it is computed and never written.
CASE_STATUS = """
    CASE WHEN outcome = 'closed' THEN 'closed'
         WHEN outcome = 'resolved' THEN 'resolved'
         WHEN exceptions_open > 0 OR (last_answer_at >= last_heard_at
              AND (referred_at IS NULL OR last_person_at > referred_at)) THEN 'waiting'
         ELSE 'open' END"""

# The order in which open cases are worked on: the lowest first, of equals the answer due first. A
# customer whose vulnerability is noted goes one step up.
CASE_RANK = """
    CASE WHEN emergency THEN 0
         WHEN urgency = 'critical' OR (urgency = 'high' AND comes_first) THEN 1
         WHEN urgency = 'high' OR comes_first THEN 2
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
    owned("intake", "comes_first", Boolean),
    Column("rank", SmallInteger, Computed(text(CASE_RANK), persisted=True)),
    # Of several requests one may be answered by the rules and another wait for a person.
    greatest("referred_at"),
    greatest("last_person_at"),
    Column("status", Text, Computed(text(CASE_STATUS), persisted=True)),
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

# Which words a subject has, blinded, with a space between them; none once the customer is erased.
case_search = Table(
    "case_search",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    owned("intake", "words", Text),
)
SUBJECT_WORDS = func.string_to_array(case_search.c.words, literal_column("' '"))
Index("case_search_words", SUBJECT_WORDS, postgresql_using="gin", _table=case_search)

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
    # Whom a message is from or to: one party of a dispute sees only their own.
    Column("customer_id", Uuid),
)
Index("case_timeline_case", "case_id", "recorded_at", "log", "log_part", "position", _table=case_timeline)
