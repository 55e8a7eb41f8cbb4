"""What a case knows about a reply in it: the boundary that it speaks of, and what backs its promises."""

from dataclasses import replace
from uuid import UUID

from services.triage.domain.policies.reply_check import Context
from services.triage.domain.policies.reply_check_language import UNKNOWN
from services.triage.domain.policies.reply_check_promises import Backed
from services.triage.domain.state import Triage
from shared.contracts.triage import BoundaryStated, RequestGranted


def in_case(context: Context, state: Triage, request_id: UUID | None) -> Context:
    """Add what a case knows: of the boundary of `request_id`, else of the latest; and all that it allows to promise.

    Where an exception was proposed, a decision that triage does not know may back more.
    """
    stated = [b for b in state.boundaries if request_id in (None, b.request_id)]
    backings = [
        *(context.backings or ()),
        *(backed for boundary in state.boundaries for backed in _offered(boundary)),
        *map(_granted, state.grants),
    ]
    language = context.language or (None if state.language == UNKNOWN else state.language)
    known = replace(context, language=language, backings=tuple(backings), all_backings=not state.proposed)
    if not stated:
        return known
    said = stated[-1]
    return replace(known, limit=said.limit, reason=said.reason, alternatives=said.alternatives, appeal=said.appeal)


def _offered(boundary: BoundaryStated) -> list[Backed]:
    return [Backed(boundary.clause.clause, f"{one.offer}; {one.benefit}") for one in boundary.alternatives]


def _granted(fact: RequestGranted) -> Backed:
    return Backed(fact.clause.clause, f"{fact.what} {fact.clause.text}", fact.working_days, fact.amount)
