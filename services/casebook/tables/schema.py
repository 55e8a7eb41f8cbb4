"""Where the read models stand: schema `live`, and any other that they are made in."""

from sqlalchemy import DateTime, MetaData

LIVE, SHADOW, PREVIOUS = "live", "shadow", "previous"

metadata = MetaData(schema=LIVE, naming_convention={"pk": "%(table_name)s_pkey"})
INSTANT = DateTime(timezone=True)
