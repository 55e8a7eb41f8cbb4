"""What cases and customers are found by: the words of subjects, and addresses, blinded so that the index tells nothing.

Every change is made from one event, as in any projection, but it needs the vault: what is sealed is opened in memory,
and what is stored is a keyed hash. An erasure clears the rows of its customer and cases, and a rebuild that comes
after it finds nothing to open, so that both leave the same rows.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol
from unicodedata import normalize
from uuid import UUID

from services.casebook.tables import ADDRESS_SEARCH, CASE_SEARCH
from shared.contracts.event import Recorded
from shared.contracts.intake import CaseOpened, CustomerIdentified
from shared.contracts.intake_privacy import CaseErased, CustomerErased
from shared.eventstore import seal
from shared.eventstore.readmodel import Change, ReadModel

SEARCHES = (CASE_SEARCH, ADDRESS_SEARCH)
TYPES = frozenset({CaseOpened.TYPE, CustomerIdentified.TYPE, CaseErased.TYPE, CustomerErased.TYPE})
WORD = re.compile(r"\w+")
SEARCHED = 1000  # characters of a subject
# A word is found by its whole, and by how it begins from three letters on; of a long one by its first twelve.
SHORTEST, LONGEST = 3, 12
BLIND_BYTES = 6  # of a word: a few too many that come out alike do no harm
KEPT_TERMS = 100_000


class Blinds(Protocol):
    """What the search needs of a vault."""

    async def ciphers(self, key_ids: set[bytes]) -> seal.Keys:
        """Give the keys of these ids, None for destroyed ones."""

    async def blind(self, text: str) -> bytes:
        """Give a keyed hash of a text."""


class Search:
    """Blinds what events and questions name, with one vault."""

    def __init__(self, vault: Blinds) -> None:
        self._vault = vault
        self._terms: dict[str, str] = {}

    async def changes(self, events: Iterable[Recorded], models: Collection[ReadModel] | None = None) -> list[Change]:
        """Give what events change in the search, in their order; in all of it, or in some read models."""
        found = [event for event in events if event.type in TYPES]
        keys = await self._vault.ciphers(seal.key_ids([event.body for event in found])) if found else {}
        made = [change for event in found for change in await self._of(event, keys)]
        return made if models is None else [change for change in made if change.model in models]

    async def _of(self, event: Recorded, keys: seal.Keys) -> Sequence[Change]:
        match event.fact:
            case CaseOpened(case_id=case_id, subject=subject):
                return (_words(case_id, await self._blinded(_opened(subject, keys))),)
            case CaseErased(case_id=case_id, own=True):
                return (_words(case_id, None),)
            case CustomerIdentified(customer_id=customer_id, address=sealed):
                address = _opened(sealed, keys)
                blinded = None if address is None else await self.address(address)
                return (_address(customer_id, event.version, blinded),)
            case CustomerErased(customer_id=customer_id):
                return [_address(customer_id, version, None) for version in range(1, event.version)]
            case _:
                return ()

    async def _blinded(self, subject: str | None) -> str | None:
        if subject is None:
            return None
        terms = {term for word in words_of(subject[:SEARCHED]) for term in beginnings(word)}
        return " ".join(sorted([await self._term(term) for term in terms])) or None

    async def words(self, question: str) -> list[str]:
        """Give the blinded words of a question; empty when it has none."""
        return [await self._term(word[:LONGEST]) for word in words_of(question)]

    async def address(self, address: str) -> str:
        """Give an address blinded, however it is written in capitals."""
        return urlsafe_b64encode(await self._vault.blind(f"address {plain(address)}")).decode()

    async def _term(self, term: str) -> str:
        if (known := self._terms.get(term)) is None:
            if len(self._terms) >= KEPT_TERMS:
                self._terms.clear()
            hashed = await self._vault.blind(f"word {term}")
            known = self._terms[term] = urlsafe_b64encode(hashed[:BLIND_BYTES]).decode()
        return known


def plain(text: str) -> str:
    """Give a text as it is compared: whatever its capitals and the way its accents are written."""
    return normalize("NFKC", text.strip()).casefold()


def words_of(text: str) -> list[str]:
    """Give the words of a text as they are compared, each once."""
    return list(dict.fromkeys(WORD.findall(plain(text))))


def beginnings(word: str) -> list[str]:
    """Give what a word is found by."""
    longest = word[:LONGEST]
    return [longest[:end] for end in range(SHORTEST, len(longest))] + [longest]


def _opened(text: str, keys: seal.Keys) -> str | None:
    opened = seal.open_text(text, keys)
    return None if opened in (seal.ERASED, seal.UNREADABLE) else opened


def _words(case_id: UUID, blinded: str | None) -> Change:
    return Change(CASE_SEARCH, (case_id,), {"words": blinded})


def _address(customer_id: UUID, version: int, blinded: str | None) -> Change:
    return Change(ADDRESS_SEARCH, (customer_id, version), {"address": blinded})
