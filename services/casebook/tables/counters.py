"""The table of numbers."""

from sqlalchemy import Column, Date, SmallInteger, Table, Text

from services.casebook.tables.schema import metadata
from shared.eventstore.readmodel import added

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
