"""The read models' tables, with the merge rule of each column; they stand in schema `live`, and can be made in any."""

from services.casebook.tables.boards import FOUND, KNOWN, MADE, approval_inbox, promise_board, reflection, refusal
from services.casebook.tables.cases import (
    CASE_RANK,
    CASE_STATUS,
    LISTED,
    SUBJECT_WORDS,
    case_list,
    case_search,
    case_timeline,
)
from services.casebook.tables.clocks import clock_board
from services.casebook.tables.counters import counter
from services.casebook.tables.customers import (
    TAKEN,
    address_search,
    conduct_measure,
    customer,
    customer_address,
    support_need,
)
from services.casebook.tables.schema import INSTANT, LIVE, PREVIOUS, SHADOW, metadata
from shared.eventstore.readmodel import ReadModel

__all__ = [
    "ADDRESS_SEARCH",
    "APPROVAL_INBOX",
    "CASE_LIST",
    "CASE_RANK",
    "CASE_SEARCH",
    "CASE_STATUS",
    "CASE_TIMELINE",
    "CLOCK_BOARD",
    "CONDUCT_MEASURE",
    "COUNTER",
    "CUSTOMER",
    "CUSTOMER_ADDRESS",
    "FOUND",
    "INSTANT",
    "KNOWN",
    "LISTED",
    "LIVE",
    "MADE",
    "MODELS",
    "PREVIOUS",
    "PROMISE_BOARD",
    "REFLECTION",
    "REFUSAL",
    "SHADOW",
    "SUBJECT_WORDS",
    "SUPPORT_NEED",
    "TAKEN",
    "address_search",
    "approval_inbox",
    "case_list",
    "case_search",
    "case_timeline",
    "clock_board",
    "conduct_measure",
    "counter",
    "customer",
    "customer_address",
    "metadata",
    "promise_board",
    "reflection",
    "refusal",
    "support_need",
]

CASE_LIST = ReadModel(case_list)
CASE_SEARCH = ReadModel(case_search)
CASE_TIMELINE = ReadModel(case_timeline, append_only=True)
APPROVAL_INBOX = ReadModel(approval_inbox)
PROMISE_BOARD = ReadModel(promise_board)
CLOCK_BOARD = ReadModel(clock_board)
REFUSAL = ReadModel(refusal)
REFLECTION = ReadModel(reflection)
CUSTOMER = ReadModel(customer)
CUSTOMER_ADDRESS = ReadModel(customer_address, append_only=True)
ADDRESS_SEARCH = ReadModel(address_search)
CONDUCT_MEASURE = ReadModel(conduct_measure)
SUPPORT_NEED = ReadModel(support_need)
COUNTER = ReadModel(counter)
MODELS = (
    CASE_LIST,
    CASE_SEARCH,
    CASE_TIMELINE,
    APPROVAL_INBOX,
    PROMISE_BOARD,
    CLOCK_BOARD,
    REFUSAL,
    REFLECTION,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    ADDRESS_SEARCH,
    CONDUCT_MEASURE,
    SUPPORT_NEED,
    COUNTER,
)
