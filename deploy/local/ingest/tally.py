"""What came of an ingest, as numbers and as what was not taken in."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from deploy.local.ingest.items import Problem


@dataclass
class Tally:
    """Counts over one ingest. `seconds` is what it took; `broken_off` says why it ended early, if it did.

    `messages` counts turns that a door took by channel, speaker and whether the door knew them already.
    """

    dialogues: int = 0
    messages: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    silent_turns: int = 0
    mails: int = 0
    mails_accepted: int = 0
    problems: list[Problem] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    seconds: float = 0.0
    broken_off: str | None = None

    @property
    def taken(self) -> int:
        """Messages and mails that the doors took, known ones included."""
        return self.messages.total() + self.mails_accepted

    @property
    def duplicates(self) -> int:
        """Messages that the doors had taken before; the mail door does not say so of mails."""
        return sum(count for (_, _, known), count in self.messages.items() if known)

    @property
    def complete(self) -> bool:
        """Whether everything was taken in."""
        return not self.problems and self.broken_off is None

    def as_data(self) -> dict[str, Any]:
        """The tally as JSON has it; `problems` are the items that were not taken in."""
        by_door: dict[str, dict[str, int]] = {}
        for (channel, speaker, known), count in sorted(self.messages.items()):
            door = by_door.setdefault(channel, {"customer": 0, "agent": 0, "duplicates": 0})
            door[speaker] += count
            door["duplicates"] += count if known else 0
        return {
            "complete": self.complete,
            "dialogues": self.dialogues,
            "messages": self.messages.total(),
            "mails": self.mails_accepted,
            "new": self.messages.total() - self.duplicates,
            "duplicates": self.duplicates,
            "refused": len(self.problems),
            "silent_turns": self.silent_turns,
            "doors": by_door,
            "retries": self.retries,
            "seconds": round(self.seconds, 2),
            "per_second": round(self.taken / self.seconds, 1) if self.seconds else 0.0,
            "passed_over": self.passed_over,
            "problems": [
                {"where": one.where, "field": one.field, "problem": one.problem, "fix": one.fix}
                for one in self.problems
            ],
            "broken_off": self.broken_off,
        }
