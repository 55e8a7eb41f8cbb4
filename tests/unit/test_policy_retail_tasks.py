"""The retail policy against real tasks: each customer's wishes, as structured requests, end as their source says."""

from collections import Counter
from typing import Any

import pytest

from tests.support import policy_tasks
from tests.support.policy_tasks import Task, Write

SOURCE = "tau2_retail"
TASKS = policy_tasks.tasks("retail")
ITEMS = policy_tasks.source_items(SOURCE)
IMPOSSIBLE = {("tau2-retail:64", "exchange_delivered_order_items")}
"""Acts that the source lists but whose own system refuses: that order is pending."""


def written_by(item: dict[str, Any]) -> list[Write]:
    """Give the writing acts that a task's source expects."""
    tools = set(policy_tasks.tools("retail").values())
    acts = [act for act in item["expected"]["actions"] if act["name"] in tools]
    return [
        Write(name=act["name"], arguments={k: v for k, v in act["arguments"].items() if k != "user_id"})
        for act in acts
        if (item["id"], act["name"]) not in IMPOSSIBLE
    ]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.task)
async def test_a_task_ends_as_its_source_says(task: Task) -> None:
    run = await policy_tasks.run("retail", task, SOURCE)
    assert run.problems == ()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.task)
def test_a_task_expects_what_its_source_expects(task: Task) -> None:
    item = ITEMS[task.task]
    assert task.expect.outcome == item["expected"]["outcome"]
    assert list(task.expect.writes) == written_by(item)


def test_every_task_of_the_source_is_there_once() -> None:
    assert Counter(task.task for task in TASKS) == Counter(ITEMS.keys())


async def test_a_task_that_expects_something_else_is_a_problem() -> None:
    task = next(task for task in TASKS if task.task == "tau2-retail:57")
    first = task.requests[0]
    changed = first.model_copy(update={"expect": first.expect.model_copy(update={"outcome": "refused"})})
    verdict = task.expect.model_copy(update={"outcome": "act", "writes": (Write(name="cancel", arguments={}),)})
    wrong = task.model_copy(update={"requests": (changed, *task.requests[1:]), "expect": verdict})
    run = await policy_tasks.run("retail", wrong, SOURCE)
    assert len(run.problems) == 3
