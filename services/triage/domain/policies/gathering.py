"""Completes a request with the records that it names: what to look up, and the look-ups themselves."""

from collections.abc import Mapping
from typing import Any

from services.triage.domain.policies.evaluation import CUSTOMER, LookUp, PolicyRequest
from services.triage.domain.policies.lookups import LookedUp, Lookup
from services.triage.domain.policies.pack import PackFile


async def gather(request: PolicyRequest, pack: PackFile, lookup: Lookup) -> PolicyRequest:
    """Give the request with every record of the pack's kinds that it names and does not hold, and notes of each.

    A record may name another one (a reservation its customer), so this goes on until nothing new is named.
    """
    while named := wanted(request, pack):
        for kind, record_id in named:
            request = with_record(request, await lookup(kind, record_id))
    return request


def wanted(request: PolicyRequest, pack: PackFile) -> list[tuple[str, str]]:
    """Give (kind, id) of the records that a request names but does not hold; an id may stand in another record."""
    held: list[Mapping[str, Any]] = [value for value in request.records.values() if value]
    if request.customer:
        held.append(request.customer)
    found = []
    for kind, how in pack.records.items():
        if how.by is None or kind in request.records or (kind == CUSTOMER and request.customer):
            continue
        ids = [place[how.by] for place in (request.arguments, *held) if isinstance(place.get(how.by), str)]
        if named := next((one for one in ids if one.strip()), None):
            found.append((kind, named))
    return found


def with_record(request: PolicyRequest, got: LookedUp) -> PolicyRequest:
    """Give the request with what was looked up: null for a record that does not exist or could not be had."""
    note = LookUp(
        record=got.kind, id=got.id, found=got.found, source=got.source, as_of=got.as_of, age_seconds=got.age_seconds
    )
    records = {**request.records, got.kind: dict(got.value) if got.found else None}
    return request.model_copy(update={"records": records, "looked_up": (*request.looked_up, note)})
