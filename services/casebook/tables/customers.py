"""The tables of customers: who they are, measures on conduct, and what helps them."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, SmallInteger, Table, Text, Uuid

from services.casebook.tables.schema import INSTANT, metadata
from shared.eventstore.readmodel import least, owned

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

# Finds a customer by an address, blinded; none once the customer is erased. `version` is the event's in the customer's
# own stream, so that the event of the erasure knows the key of every row before it.
address_search = Table(
    "address_search",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    owned("intake", "address", Text),
)
Index("address_search_address", "address", _table=address_search, postgresql_using="hash")

conduct_measure = Table(
    "conduct_measure",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    Column("measure_id", Uuid, primary_key=True),
    owned("intake", "case_id", Uuid),
    *(owned("intake", name, Text) for name in ("measure", "category", "reason", "told", "taken_by", "role")),
    *(owned("intake", name, Text) for name in ("open_channel", "contact", "times")),
    owned("intake", "taken_at", INSTANT),
    owned("intake", "review_on", Date),
    *(owned("intake", name, Text) for name in ("state", "decided_by", "why")),
    *(owned("intake", name, Boolean) for name in ("review_due", "appealed")),
)
TAKEN = conduct_measure.c.taken_at.isnot(None)
Index("conduct_measure_state", "state", "review_on", "measure_id", _table=conduct_measure, postgresql_where=TAKEN)

support_need = Table(
    "support_need",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    Column("need_id", Uuid, primary_key=True),
    owned("intake", "case_id", Uuid),
    *(owned("intake", name, Text) for name in ("driver", "support", "source", "noted_by")),
    owned("intake", "consent", Boolean),
    owned("intake", "review_on", Date),
    owned("intake", "noted_at", INSTANT),
    owned("intake", "removed", Boolean),
)
