"""Recorded runs of an agent: what was said, what the agent did, and whether an act came about."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Effect = Literal["done", "failed"]

FAILED = re.compile(
    r"\b(?:unfortunately|no longer|not (?:enough|sufficient|available)|aren't enough|insufficient|error|issues?|unable|"
    r"there (?:is|are) (?:still )?no|(?:cannot|can't) be used|(?:cannot|can't|could not|couldn't) (?:be )?"
    r"(?:proceed|process|complete|update|book)\w*|try again)\b",
    re.IGNORECASE,
)
DONE = re.compile(
    r"\b(?:success\w*|(?:has|have) been|have (?:issued|cancel\w+|booked|updated|added)|issued)\b", re.IGNORECASE
)
HANDED_OVER = "transfer_to_human_agents"


class Recorded(BaseModel):
    """Part of a run; a source may tell more than we read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Turn(Recorded):
    """What one side said."""

    speaker: Literal["customer", "agent"]
    text: str
    at: str | None = None


class Act(Recorded):
    """A call of the business's own system; `after_turn` numbers, from 0, the turn in which it was made."""

    name: str
    arguments: dict[str, Any] = {}
    after_turn: int = 0

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, value: Any) -> Any:
        return {**value, "arguments": value["kwargs"]} if isinstance(value, dict) and "kwargs" in value else value


class Labels(Recorded):
    """What the source says of a run: what the agent did, and what it should have done, if the source judges it."""

    agent_actions: tuple[Act, ...]
    user_id: str | None = None
    gold_actions: tuple[Act, ...] | None = None
    gold_outcome: str | None = None
    reward: float | None = None

    @field_validator("agent_actions", "gold_actions", mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        """Read a list that the source wrote as text."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            try:
                return ast.literal_eval(value)
            except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
                raise ValueError("is a text that holds no list of acts") from error


class Run(Recorded):
    """One conversation with the agent's acts."""

    id: str
    policy: str | None = None
    turns: tuple[Turn, ...] = Field(min_length=1)
    labels: Labels

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        turns = [act.after_turn for act in self.labels.agent_actions]
        if turns != sorted(turns):
            raise ValueError("agent_actions must be in the order in which they were done")
        return self

    def said(self, speaker: str, before: int) -> str:
        """Give all that one side said before a turn."""
        return "\n".join(turn.text for turn in self.turns[:before] if turn.speaker == speaker)


@dataclass(frozen=True, slots=True)
class Write:
    """An act that changes something, by its number among all acts of the run, and whether it came about."""

    number: int
    act: Act
    effect: Effect


def writes(run: Run, names: frozenset[str]) -> Iterator[Write]:
    """Give the acts of these names in order.

    A run holds no answers of the business's system. An act failed when the agent makes the like act again before
    speaking, or when the agent then says so without saying that something was done.
    """
    acts = run.labels.agent_actions
    for number, act in enumerate(acts):
        if act.name in names:
            again = any(same_subject(act, one) for one in acts[number + 1 :] if one.after_turn == act.after_turn)
            told = told_after(run, act)
            failed = again or (bool(FAILED.search(told)) and not DONE.search(told))
            yield Write(number, act, "failed" if failed else "done")


def told_after(run: Run, act: Act) -> str:
    """Give what the agent said after an act; at the end of a run, what it wrote when it handed over."""
    if act.after_turn < len(run.turns):
        return run.turns[act.after_turn].text
    return " ".join(
        str(one.arguments.get("summary", "")) for one in run.labels.agent_actions if one.name == HANDED_OVER
    )


def same_subject(one: Act, other: Act) -> bool:
    """Tell whether two acts try the same: the same change of a booking, or a booking for the same people."""
    if one.name != other.name:
        return False
    for name in ("reservation_id", "passengers", "user_id"):
        if name in one.arguments:
            return bool(one.arguments[name] == other.arguments.get(name))
    return one.arguments == other.arguments


def same_act(one: Act, other: Act) -> bool:
    """Tell whether two acts do the same; what a flight's number and day imply need not be repeated."""
    return one.name == other.name and _plain(one.arguments) == _plain(other.arguments)


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(arguments)
    if isinstance(flights := plain.get("flights"), list):
        plain["flights"] = [
            [one.get("flight_number"), one.get("date")] if isinstance(one, dict) else one for one in flights
        ]
    return plain
