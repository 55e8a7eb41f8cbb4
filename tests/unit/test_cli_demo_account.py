"""The demo's account: quiet means that nobody has anything left to do, and nothing that is lost goes unsaid."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from deploy.local.cli.demo_check import figures, losses
from deploy.local.cli.demo_run import choose, story
from deploy.local.errors import StackError, UsageError
from deploy.local.ingest.items import Problem
from deploy.local.ingest.tally import Tally
from deploy.local.lag import Lag
from deploy.local.ledger import Ledger
from deploy.local.quiet import CONSUMERS, Unrest, until_quiet


class FakeLedger:
    """A ledger as it was read from topics."""

    def __init__(self, events: int = 0) -> None:
        self.by_type = Counter({"intake.message_received.v1": 2, "intake.message_sent.v1": 1})
        self.messages_in = Counter({"chat": 2})
        self.messages_out = Counter({"chat": 1})
        self.automatic_mails = 1
        self.messages = {"m1", "m2", "m3", "mail"}
        self.mails_waiting: set[str] = set()
        self.answered_machines: set[str] = set()
        self.positions = dict.fromkeys(("intake", "triage", "approvals", "followup"), events)

    async def catch_up(self) -> None:
        """Nothing is new."""


def as_ledger(fake: FakeLedger) -> Ledger:
    return cast(Ledger, fake)


TOTALS: dict[str, dict[str, int]] = {
    "messages_in": {"chat": 2},
    "messages_out": {"chat": 1},
    "automatic_mails": {"bounce": 1},
    "events": {"intake.message_received.v1": 2, "intake.message_sent.v1": 1},
}


def lost(ledger: FakeLedger | None = None, tally: Tally | None = None, **given: Any) -> list[str]:
    accepted, totals = given.get("accepted", ["m1", "m2", "mail"]), given.get("totals", TOTALS)
    found = as_ledger(ledger or FakeLedger())
    return losses(tally or Tally(), accepted, found, totals, given.get("dead_letters", 0))


def test_nothing_is_lost_when_all_counts_agree() -> None:
    assert lost() == []


def test_a_message_that_a_door_took_and_no_log_holds_is_lost() -> None:
    [loss] = lost(accepted=["m1", "m9"])
    assert "1 messages" in loss
    assert "m9" in loss


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("messages_in", {"chat": 1}),
        ("messages_in", {"chat": 2, "web": 1}),
        ("messages_out", {}),
        ("automatic_mails", {"bounce": 1, "auto_reply": 1}),
        ("events", {"intake.message_received.v1": 2}),
    ],
)
def test_a_casebook_that_counts_otherwise_than_the_topics_is_named(name: str, counts: dict[str, int]) -> None:
    [loss] = lost(totals={**TOTALS, name: counts})
    assert loss.startswith("the casebook:")


def test_what_the_doors_did_not_take_is_lost() -> None:
    tally = Tally(problems=[Problem("f:1", "text", "too long", "shorten it")], broken_off="intake went away")
    assert lost(tally=tally) == [
        "the doors: intake went away",
        "the doors: 1 items were not taken in, such as f:1: text: too long (shorten it)",
    ]


def test_unsent_mails_answered_machines_and_dead_letters_are_told() -> None:
    ledger = FakeLedger()
    ledger.mails_waiting, ledger.answered_machines = {"m3"}, {"m3"}
    assert len(lost(ledger, dead_letters=2)) == 3


def test_figures_come_from_the_counters() -> None:
    now = {"exceptions": {"approved": 1}, "promises": {"kept": 2}}
    found = figures({"totals": {**TOTALS, "cases": {"opened": 4}}, "now": now}, 0, 300, 2.0)
    assert (found["messages_in"], found["cases"], found["boundaries"]) == (2, 4, 0)
    assert (found["exceptions"], found["promises"]) == ({"approved": 1}, {"kept": 2})
    assert (found["events"], found["events_per_second"]) == (3, 150)


def lags(behind: int = 0) -> list[Lag]:
    return [Lag(service, consumer, source, 9, 9 + behind, behind) for service, consumer, source in sorted(CONSUMERS)]


async def wait(looks: Sequence[list[Lag]], ledger: FakeLedger) -> list[Unrest]:
    left, seen = list(looks), list[Unrest]()
    await until_quiet(
        as_ledger(ledger), lambda: left.pop(0) if len(left) > 1 else left[0], seen.append, stalled_seconds=0.0
    )
    return seen


async def test_quiet_is_two_looks_with_nothing_to_do() -> None:
    seen = await wait([lags(5), lags(0), lags(0)], FakeLedger(events=9))
    assert [unrest.quiet for unrest in seen] == [False, True, True]
    assert seen[0].left == 5 * len(CONSUMERS)


async def test_a_service_that_does_not_answer_is_not_quiet() -> None:
    silent = [lag for lag in lags() if lag.service != "triage"]
    with pytest.raises(StackError, match="triage says nothing of intake"):
        await wait([silent], FakeLedger(events=9))


async def test_a_log_without_events_needs_no_answer() -> None:
    assert (await wait([[]], FakeLedger(events=0)))[-1].quiet


async def test_mails_that_have_not_left_are_waited_for() -> None:
    ledger = FakeLedger(events=9)
    ledger.mails_waiting = {"m3"}
    with pytest.raises(StackError, match="1 mails of ours have not left"):
        await wait([lags()], ledger)


def told(number: int, log: str, cause: int | None = None, via: str = "reaction", about: str = "") -> dict[str, Any]:
    caused_by = None if cause is None else {"event_id": f"e{cause}"}
    type_ = {1: "intake.case_opened.v1", 2: "intake.message_received.v1"}.get(number, f"{log}.x.v1")
    return {
        "event_id": f"e{number}",
        "log": log,
        "type": type_,
        "via": via,
        "caused_by": caused_by,
        "about_id": about or f"a{number}",
    }


def test_the_tour_tells_what_people_did_with_causes_and_consequences() -> None:
    timeline = [
        told(1, "intake"),
        told(2, "intake", about="the message"),
        told(3, "intake"),
        told(4, "triage", cause=3),  # a reading that nobody acted on
        told(5, "triage", via="api", about="the message"),
        told(6, "approvals", cause=5),
        told(7, "followup", cause=6),
    ]
    assert story(timeline) == {"e1", "e2", "e5", "e6", "e7"}


def test_of_a_whole_collection_the_known_sets_are_taken(tmp_path: Path) -> None:
    for name in ("conversations/star.jsonl", "conversations/other.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"id": "x", "channel": "chat", "turns": [{"speaker": "customer", "text": "x"}]}\n')
    assert [path.name for path in choose(tmp_path).dialogues] == ["star.jsonl"]
    assert len(choose(tmp_path / "conversations").dialogues) == 2
    assert choose(None).dialogues
    with pytest.raises(UsageError, match="no folder"):
        choose(tmp_path / "nowhere")
