"""Histories in which every personal text holds a canary, as they are stored, and what erases their customers."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from shared.contracts.event import Fact, Recorded
from shared.contracts.intake import CaseOpened
from shared.contracts.intake_privacy import CaseErased, CustomerErased
from shared.eventstore.seal import Plan, plan_of
from shared.eventstore.vault import Vault
from shared.runtime.clock import new_id
from tests.support.recorded import recorded


def said(event: Recorded, canary: str) -> Recorded:
    """Give an event with the canary in each of its personal texts."""
    fact = event.fact
    plan = None if fact is None else plan_of(type(fact))
    if fact is None or plan is None:
        return event
    value = from_json(fact.body())
    _mark(value, plan, canary)
    return event._replace(body=type(fact).model_validate(value).body())


def _mark(node: dict[str, Any], plan: Plan, canary: str) -> None:
    for name, part in plan.inside:
        if name in node:
            node[name] = _marked(node[name], part, canary)


def _marked(value: Any, part: object, canary: str) -> Any:
    if isinstance(value, list):
        return [_marked(one, part, canary) for one in value]
    if isinstance(part, Plan):
        _mark(value, part, canary)
        return value
    if isinstance(value, dict):
        return {name: _marked(one, part, canary) for name, one in value.items()}
    return f"{canary} {value}"


async def sealed(vault: Vault, events: Sequence[Recorded]) -> list[Recorded]:
    """Give events as the stores of their services hold them."""
    known = [(fact, event.event_id) for event in events if (fact := event.fact) is not None]
    bodies = dict(zip((event_id for _, event_id in known), await vault.seal_all(known), strict=True))
    return [event._replace(body=bodies.get(event.event_id, event.body)) for event in events]


def erasure(events: Sequence[Recorded]) -> list[Recorded]:
    """Give what intake records when the customers of these events were erased."""
    heads: dict[tuple[str, int], int] = {}
    for event in events:
        heads[event.log, event.log_part] = max(event.position, heads.get((event.log, event.log_part), 0))
    opened = [(event, fact) for event in events if isinstance(fact := event.fact, CaseOpened)]
    of_customers = {event.stream_id: event for event in events if event.stream_kind == "customer"}
    facts: list[tuple[int, Fact]] = [
        (event.log_part, CaseErased(case_id=fact.case_id, customer_id=fact.customer_id, erasure_id=new_id(), own=True))
        for event, fact in opened
    ]
    facts += [
        (event.log_part, CustomerErased(customer_id=customer, erasure_id=new_id(), cases=1))
        for customer, event in of_customers.items()
    ]
    made = []
    for part, fact in facts:
        heads["intake", part] += 1
        event = recorded(fact, position=heads["intake", part], event_id=new_id())
        made.append(event._replace(log_part=part))
    return made
