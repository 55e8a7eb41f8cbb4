"""Cases are found by words and customers by addresses that the index does not tell, and by nothing once erased."""

from typing import TypeVar
from uuid import UUID

import pytest

from services.casebook.projections.search import Search, beginnings, words_of
from services.casebook.tables import ADDRESS_SEARCH, CASE_SEARCH
from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import CaseOpened, CustomerIdentified
from shared.contracts.intake_conduct import ConductAppealMade
from shared.contracts.intake_privacy import CaseErased, CustomerErased
from shared.eventstore.readmodel import Batch, Key, ReadModel, Row
from tests.support.histories import Maker
from tests.support.memory_vault import MemoryVault
from tests.support.recorded import recorded

F = TypeVar("F", bound=Fact)
CASE, CUSTOMER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def search(vault: MemoryVault) -> Search:
    return Search(vault)


def made(kind: type[F], **fields: object) -> F:
    fact = Maker(1).fact(kind, CASE, [OTHER]).model_copy(update={"customer_id": CUSTOMER, **fields})
    assert isinstance(fact, kind)
    return fact


def opened(subject: str) -> Recorded:
    return recorded(made(CaseOpened, subject=subject))


def identified(address: str, version: int) -> Recorded:
    return recorded(made(CustomerIdentified, address=address))._replace(version=version)


async def rows(search: Search, model: ReadModel, *batches: list[Recorded]) -> dict[Key, Row]:
    """Give a table's rows after these batches."""
    table: dict[Key, Row] = {}
    for events in batches:
        batch = Batch()
        batch.take(await search.changes(events))
        for key, row in batch.rows.get(model, {}).items():
            table.setdefault(key, {}).update(row)
    return table


async def finds(search: Search, subject: str, question: str) -> bool:
    table = await rows(search, CASE_SEARCH, [opened(subject)])
    asked = await search.words(question)
    return bool(asked) and {*asked} <= {*(table[CASE,]["words"] or "").split()}


@pytest.mark.parametrize(
    ("subject", "question", "found"),
    [
        ("Refund of order 4711", "refund", True),
        ("Refund of order 4711", "REFU 4711", True),
        ("Refund of order 4711", "order of", True),
        ("Refund of order 4711", "re", False),
        ("Refund of order 4711", "refunds", False),
        ("Refund of order 4711", "fund", False),
        ("Wo ist MEIN Geld?", "geld wo", True),
        ("Donaudampfschifffahrt", "donaudampfschifffahrtsgesellschaft", True),
        ("Donaudampfschifffahrt", "donaudampfs", True),
        ("返金してください", "返金し", True),
        ("", "refund", False),
        ("-- !", "refund", False),
    ],
)
async def test_a_case_is_found_by_words_of_its_subject_and_how_they_begin(
    vault: MemoryVault, subject: str, question: str, found: bool
) -> None:
    assert await finds(Search(vault), subject, question) == found


async def test_sealed_and_plain_subjects_are_found_alike(vault: MemoryVault, search: Search) -> None:
    plain = opened("Refund of order 4711")
    sealed = vault.sealed(plain)
    assert sealed.body != plain.body
    assert await rows(search, CASE_SEARCH, [sealed]) == await rows(search, CASE_SEARCH, [plain])


async def test_the_index_holds_no_word_and_no_address(vault: MemoryVault, search: Search) -> None:
    events = vault.all_sealed([opened("Refund for Kim Canary"), identified("kim.canary@example.org", 1)])
    told = repr(await search.changes(events)).casefold()
    assert "canary" not in told
    assert "refund" not in told


async def test_a_customer_is_found_by_an_address_however_it_is_written(vault: MemoryVault, search: Search) -> None:
    table = await rows(search, ADDRESS_SEARCH, [vault.sealed(identified("Kim@Example.org", 3))])
    assert table == {(CUSTOMER, 3): {"address": await search.address(" kim@example.ORG ")}}
    assert await search.address("kim@example.net") != await search.address("kim@example.org")


def history() -> list[Recorded]:
    return [
        opened("My money"),
        identified("kim@example.org", 1),
        recorded(made(ConductAppealMade))._replace(version=2),
        identified("+44 20 7946 0000", 3),
    ]


def erasure() -> list[Recorded]:
    return [
        recorded(made(CaseErased, own=True)),
        recorded(made(CustomerErased))._replace(version=4),
    ]


async def test_what_was_live_and_what_is_rebuilt_are_equal_before_and_after_an_erasure(
    vault: MemoryVault, search: Search
) -> None:
    events, after = vault.all_sealed(history()), erasure()
    for model in (CASE_SEARCH, ADDRESS_SEARCH):
        before = await rows(search, model, events)
        assert before == await rows(Search(vault), model, *([event] for event in events))
        assert any(value for row in before.values() for value in row.values())
    live = {model: await rows(search, model, events, after) for model in (CASE_SEARCH, ADDRESS_SEARCH)}
    vault.destroy(CUSTOMER)
    for model, table in live.items():
        assert await rows(Search(vault), model, [*events, *after]) == table
        assert all(value is None for row in table.values() for value in row.values())


async def test_a_dispute_is_still_found_when_the_other_party_is_erased(vault: MemoryVault, search: Search) -> None:
    ended = recorded(made(CaseErased, own=False, customer_id=OTHER))
    table = await rows(search, CASE_SEARCH, [vault.sealed(opened("My money"))], [ended])
    assert table[CASE,]["words"]


def test_words_are_compared_without_their_capitals_and_each_once() -> None:
    assert words_of("  No NO no, Straße ﬁne ") == ["no", "strasse", "fine"]
    assert beginnings("refund") == ["ref", "refu", "refun", "refund"]
    assert beginnings("of") == ["of"]
    assert beginnings("x" * 40)[-1] == "x" * 12
