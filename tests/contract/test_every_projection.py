"""Every projection comes to the same rows, whatever the order in which topics arrive and however they are batched."""

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.casebook.projections.apply import PROJECTIONS, changes, fold
from services.casebook.projections.projection import Projection
from services.casebook.projections.search import SEARCHES
from services.casebook.tables import MODELS
from shared.contracts.event import REGISTRY, Recorded
from shared.eventstore.readmodel import Batch, Key, ReadModel, Row
from shared.messaging import cursor
from tests.support.histories import UNKNOWN_TYPE, in_logs, interleave, make_lanes, one_after_another, split

Tables = dict[tuple[ReadModel, Key], Row]
SEEDS = st.integers(min_value=0, max_value=2**32)


def merge(tables: Tables, batch: Batch) -> None:
    """Do what the upsert does, plainly: an oracle apart from the SQL."""
    for model, lines in batch.appended.items():
        for key, line in lines.items():
            assert (model, key) not in tables, "an append-only row was written twice"
            tables[model, key] = dict(line)
    for model, rows in batch.rows.items():
        for key, row in rows.items():
            known = tables.setdefault((model, key), {})
            for name, value in row.items():
                match model.merges[name]:
                    case "set":
                        known[name] = value
                    case "add":
                        known[name] = known.get(name, 0) + value
                    case "greatest":
                        known[name] = max(known.get(name, value), value)
                    case "least":
                        known[name] = min(known.get(name, value), value)


def project(batches: list[list[Recorded]]) -> Tables:
    tables: Tables = {}
    for batch in batches:
        merge(tables, fold(batch))
    return tables


@settings(max_examples=60, deadline=None)
@given(history=SEEDS, mixing=SEEDS)
def test_any_interleaving_in_any_batches_ends_in_the_same_rows(history: int, mixing: int) -> None:
    lanes = make_lanes(history)
    chance = random.Random(mixing)
    assert project(split(interleave(lanes, chance), chance)) == project([one_after_another(lanes)])


@settings(max_examples=20, deadline=None)
@given(history=SEEDS, mixing=SEEDS)
def test_events_that_come_again_change_nothing(history: int, mixing: int) -> None:
    events = in_logs(one_after_another(make_lanes(history)))
    chance = random.Random(mixing)
    tables: Tables = {}
    positions: dict[cursor.Place, int] = {}
    at = 0
    while at < len(events):
        planned = cursor.plan(events[max(0, at - chance.randint(0, 30)) : at + 25], positions)
        merge(tables, fold(planned.events))
        positions |= {place: after for place, (_, after) in planned.moves.items()}
        at += 25
    assert tables == project([events])


@settings(max_examples=20, deadline=None)
@given(history=SEEDS)
def test_a_row_is_touched_from_one_log_partition_only(history: int) -> None:
    parts = defaultdict(set)
    for event in one_after_another(make_lanes(history, cases=6, parts=8)):
        for change in changes(event):
            parts[change.model, change.key].add(event.log_part)
    assert {len(seen) for seen in parts.values()} == {1}


@settings(max_examples=20, deadline=None)
@given(history=SEEDS)
def test_a_column_is_written_by_its_owner_or_merged(history: int) -> None:
    for event in one_after_another(make_lanes(history)):
        for change in changes(event):
            model = change.model
            assert {*change.set} <= {*model.columns} - {*model.key}
            if not model.append_only:
                assert {model.owners[name] for name in change.set} <= {event.log}
            rules = {"greatest": change.greatest, "least": change.least, "add": change.add}
            for rule, columns in rules.items():
                assert {model.merges[name] for name in columns} <= {rule}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_projection_changes_only_tables_of_its_own(projection: Projection) -> None:
    seen = set()
    for event in one_after_another(make_lanes(11)):
        if (fact := event.fact) is not None:
            assert projection.project(event, fact) == projection.project(event, fact)
            seen |= {change.model for change in projection.project(event, fact)}
    assert seen == {*projection.models}


def test_every_table_belongs_to_one_projection() -> None:
    owned = [*SEARCHES, *(model for projection in PROJECTIONS for model in projection.models)]
    assert sorted(model.name for model in owned) == sorted(model.name for model in MODELS)


def test_the_histories_hold_every_fact_type() -> None:
    assert {event.type for event in one_after_another(make_lanes(7))} == {*REGISTRY, UNKNOWN_TYPE}
