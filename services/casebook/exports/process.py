"""How cases really run: the directly-follows graph with durations, and what the traces show to be slow or repeated.

Directly-follows graph: van der Aalst, "A practitioner's guide to process mining: Limitations of the directly-follows
graph", 2019.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median, quantiles
from typing import NamedTuple
from uuid import UUID

from services.casebook.exports.traces import Step

START, END = "(start)", "(end)"
MICROS = 1_000_000
NAMED = 20  # cases named with a finding
ROUNDS = 2  # handed there and back again this often: ping-pong
SLOWEST = 5
LEAST_CASES = 3
# Many of these in one case are a long conversation, not work done again.
MAY_REPEAT = frozenset({"message received", "message sent", "message delivered", "request assessed"})


class Edge(NamedTuple):
    """How often one step comes right after another, and how long that takes, in seconds."""

    before: str
    after: str
    times: int
    median_seconds: float
    p90_seconds: float


class Finding(NamedTuple):
    """Something that the traces show: `kind` is ping_pong, rework or bottleneck."""

    kind: str
    what: str
    cases: int
    seconds: float
    examples: tuple[UUID, ...]


@dataclass
class Graph:
    """The directly-follows graph of some cases, gathered case by case."""

    cases: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    _gaps: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _by_case: dict[tuple[str, str], list[tuple[float, UUID]]] = field(default_factory=dict)
    _handed: dict[tuple[str, str], list[UUID]] = field(default_factory=dict)
    _again: dict[str, list[UUID]] = field(default_factory=dict)

    def add(self, case_id: UUID, steps: Iterable[Step]) -> None:
        """Take in one case, its steps in order."""
        self.cases += 1
        before, at, slowest = START, 0, dict[tuple[str, str], float]()
        seen: Counter[str] = Counter()
        hands: list[str] = []
        for step in steps:
            self.steps[step.activity] += 1
            seen[step.activity] += 1
            edge = before, step.activity
            gap = 0.0 if before == START else (step.at - at) / MICROS
            self._gaps.setdefault(edge, []).append(gap)
            slowest[edge] = max(slowest.get(edge, 0.0), gap)
            if not step.who.startswith("system:") and step.who != "door" and hands[-1:] != [step.who]:
                hands.append(step.who)
            before, at = step.activity, step.at
        self._gaps.setdefault((before, END), []).append(0.0)
        for edge, gap in slowest.items():
            self._by_case.setdefault(edge, []).append((gap, case_id))
        self._note(case_id, seen, hands)

    def _note(self, case_id: UUID, seen: Counter[str], hands: list[str]) -> None:
        for activity, times in seen.items():
            if times > 1 and activity not in MAY_REPEAT:
                self._again.setdefault(activity, []).append(case_id)
        turns = Counter(tuple(sorted(pair)) for pair in pairwise(hands))
        for (one, other), times in turns.items():
            if times > ROUNDS:
                self._handed.setdefault((one, other), []).append(case_id)

    def edges(self, *, least: float = 0.0) -> list[Edge]:
        """Give the edges, the most frequent first; those of less than the share `least` of the cases are left out."""
        found = [
            Edge(before, after, len(gaps), median(gaps), _p90(gaps)) for (before, after), gaps in self._gaps.items()
        ]
        found = [edge for edge in found if edge.times >= least * self.cases]
        return sorted(found, key=lambda edge: (-edge.times, edge.before, edge.after))

    def findings(self) -> list[Finding]:
        """Give what is slow, repeated, or goes to and fro, each kind with the worst first."""
        ping_pong = [
            Finding("ping_pong", f"{one} and {other} hand it to each other", len(found), 0.0, tuple(found[:NAMED]))
            for (one, other), found in sorted(self._handed.items(), key=lambda item: (-len(item[1]), item[0]))
        ]
        rework = [
            Finding("rework", f"{activity} more than once", len(found), 0.0, tuple(found[:NAMED]))
            for activity, found in sorted(self._again.items(), key=lambda item: (-len(item[1]), item[0]))
        ]
        waits = [
            (sum(gap for gap, _ in found), edge, sorted(found, key=lambda one: (-one[0], one[1])))
            for edge, found in self._by_case.items()
            if START not in edge and len(found) >= min(LEAST_CASES, self.cases)
        ]
        slow = [
            Finding(
                "bottleneck",
                f"from {before} to {after}",
                len(found),
                median(gap for gap, _ in found),
                tuple(case for _, case in found[:NAMED]),
            )
            for _, (before, after), found in sorted(waits, key=lambda one: (-one[0], one[1]))[:SLOWEST]
        ]
        return ping_pong + rework + slow


def as_dot(graph: Graph, *, least: float = 0.0) -> str:
    """Give the graph in Graphviz's language; wider and darker is more frequent."""
    edges = graph.edges(least=least)
    most = max((edge.times for edge in edges), default=1)
    names = dict.fromkeys(name for edge in edges for name in (edge.before, edge.after))
    lines = [
        'digraph { rankdir=TB; bgcolor="white"; pad=0.3; nodesep=0.35; ranksep=0.5;',
        'node [shape=box style="rounded,filled" fillcolor="#eef4fb" color="#5b7fa6" fontname="Helvetica" fontsize=11];',
        'edge [fontname="Helvetica" fontsize=9 fontcolor="#445" color="#6b7a8d"];',
    ]
    for name in names:
        ends = name in (START, END)
        count = f"{graph.steps[name]:,}"
        looks = 'label="" shape=circle width=0.22 fillcolor="#5b7fa6"' if ends else f"label={_quoted(name, count)}"
        lines.append(f"{_quoted(name)} [{looks} tooltip={_quoted(name)}];")
    for edge in edges:
        width = 0.7 + 3.3 * edge.times / most
        took = "" if START in edge or END in edge else f"  {duration(edge.median_seconds)}"
        lines.append(
            f"{_quoted(edge.before)} -> {_quoted(edge.after)} [penwidth={width:.2f}"
            f" label={_quoted(f'{edge.times:,}{took}')}"
            f" tooltip={_quoted(f'median {duration(edge.median_seconds)}, p90 {duration(edge.p90_seconds)}')}];"
        )
    return "\n".join([*lines, "}"])


def duration(seconds: float) -> str:
    """Say how long something takes, in the largest unit that fits."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _p90(gaps: list[float]) -> float:
    return quantiles(gaps, n=10, method="inclusive")[-1] if len(gaps) > 1 else gaps[0]


def _quoted(*lines: str) -> str:
    escaped = r"\n".join(line.replace("\\", r"\\").replace('"', r"\"") for line in lines)
    return f'"{escaped}"'
