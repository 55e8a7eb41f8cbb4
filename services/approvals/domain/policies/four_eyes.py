"""Nobody decides on their own proposal, nor on the limit they stated themselves, and nobody counts twice."""

from collections.abc import Iterable

from services.approvals.domain.policies.authority import Refusal


def own_proposal(proposed_by: str, actor: str, on_behalf_of: str | None) -> Refusal | None:
    """Refuse when the proposer decides, in person, as somebody's delegate, or through a delegate."""
    if actor == proposed_by:
        return Refusal("own_proposal", f"{actor} proposed this exception; somebody else must decide on it")
    if on_behalf_of == proposed_by:
        return Refusal("own_proposal", f"{on_behalf_of} proposed this exception; a delegate cannot decide for them")
    return None


def own_limit(stated_by: Iterable[str], actor: str, on_behalf_of: str | None) -> Refusal | None:
    """Refuse when one of the two people behind a voice stated the limit that the exception is from."""
    people = {actor, on_behalf_of} & set(stated_by)
    if not people:
        return None
    who = " and ".join(sorted(map(str, people)))
    return Refusal("own_limit", f"{who} stated the limit; somebody else must decide on an exception from it")


def spoken_already(heard: Iterable[str], actor: str, on_behalf_of: str | None) -> Refusal | None:
    """Refuse when one of the two people behind a voice has been heard on this exception before."""
    again = {actor, on_behalf_of} & set(heard)
    if not again:
        return None
    return Refusal("already_spoken", f"{' and '.join(sorted(map(str, again)))} has spoken on this exception before")
