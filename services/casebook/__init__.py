"""Casebook shows and asks: read models of every case over all four topics, and a query API. It decides nothing."""

from shared.messaging.charter import Charter

CHARTER = Charter(owner="casebook", listens=("intake", "triage", "approvals", "followup"), publishes=())
