"""The airline's policy answers the hand-derived requests of every task as its authors expect."""

import asyncio

import pytest

from tests.support import policy_tasks
from tests.support.policy_tasks import Task, TaskRun, source_items, tasks, tools

SOURCE = "tau2_airline"
READS = {"get_user_details", "get_reservation_details", "calculate", "search_direct_flight", "search_onestop_flight"}
ESCALATION = "transfer_to_human_agents"


def run(task: Task) -> TaskRun:
    """Run one task on the records of the data."""
    return asyncio.run(policy_tasks.run("airline", task, SOURCE))


def test_every_task_of_the_data_has_its_requests() -> None:
    """No task may be left out because it is hard."""
    assert sorted(task.task for task in tasks("airline")) == sorted(source_items(SOURCE))


@pytest.mark.parametrize("task", tasks("airline"), ids=lambda task: str(task.task))
def test_a_task_ends_as_its_requests_say(task: Task) -> None:
    """Outcome, clause, alternatives and acts are those that were derived by hand."""
    assert run(task).problems == ()


@pytest.mark.parametrize("task", tasks("airline"), ids=lambda task: str(task.task))
def test_a_task_ends_as_the_authors_of_the_data_say(task: Task) -> None:
    """The end and the acts that we expect are those of the source, not ours."""
    wanted = source_items(SOURCE)[task.task]["expected"]
    acts = [one for one in wanted["actions"] if one["name"] not in READS | {ESCALATION}]
    assert task.expect.outcome == wanted["outcome"]
    assert [write.model_dump() for write in task.expect.writes] == [
        {"name": one["name"], "arguments": one["arguments"]} for one in acts
    ]
    assert {one["name"] for one in acts} <= set(tools("airline").values())


@pytest.mark.parametrize("task", tasks("airline"), ids=lambda task: str(task.task))
def test_a_refusal_expected_by_the_source_is_a_refusal_and_an_escalation_one(task: Task) -> None:
    """Where the source refuses, something is refused and nothing done; where it escalates, a person takes over."""
    done = run(task)
    outcomes = {answer.outcome for answer in done.answers if answer}
    if source_items(SOURCE)[task.task]["expected"]["outcome"] == "escalate":
        assert "needs_person" in outcomes
        assert not done.writes
    if source_items(SOURCE)[task.task]["expected"]["outcome"] == "refuse_or_inform":
        assert "refused" in outcomes
        assert not done.writes
