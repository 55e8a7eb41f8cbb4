"""Tells a customer's own words from those of others: quoted mail, signatures, what others are said to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.triage.domain.policies.rulebook import AssessmentRules

How = Literal["line", "below", "marks", "reported"]
OPENING = '"“„«‘'
NEAR = 48


@dataclass(frozen=True, slots=True)
class Quoted:
    """The characters [start, end) are somebody else's words, and how that shows."""

    start: int
    end: int
    how: How


@dataclass(frozen=True, slots=True)
class Voices:
    """The stretches [start, end) that are the writer's own words, and those that are not, in order."""

    own: tuple[tuple[int, int], ...]
    quoted: tuple[Quoted, ...]


def voices(text: str, rules: AssessmentRules) -> Voices:
    """Part a text: its writer's are no quoted lines, nothing below a quoting mark or signature, no words of others."""
    below = rules.quoted_below.search(text)
    limit = below.start() if below else len(text)
    signature = rules.signature.search(text, 0, limit)
    body = signature.start() if signature else limit
    quoted = [*_lines(text, body, rules)] if ">" in text else []
    if any(mark in text for mark in OPENING) or "'" in text:
        quoted += [
            q for q in _reported(text, body, rules) if not any(q.start < o.end and o.start < q.end for o in quoted)
        ]
    quoted.sort(key=lambda q: q.start)
    own, at = [], 0
    for one in quoted:
        if one.start > at:
            own.append((at, one.start))
        at = one.end
    if at < body or not quoted:
        own.append((at, body))
    if limit < len(text):
        quoted.append(Quoted(limit, len(text), "below"))
    return Voices(tuple(own), tuple(quoted))


def _lines(text: str, limit: int, rules: AssessmentRules) -> Iterator[Quoted]:
    """Give the runs of lines that begin with a quoting mark."""
    at, start = 0, -1
    for line in text[:limit].splitlines(keepends=True):
        if rules.quoted_line.match(line):
            start = at if start < 0 else start
        elif start >= 0:
            yield Quoted(start, at, "line")
            start = -1
        at += len(line)
    if start >= 0:
        yield Quoted(start, limit, "line")


def _reported(text: str, limit: int, rules: AssessmentRules) -> Iterator[Quoted]:
    """Give what stands in quotation marks after somebody else is said to say it."""
    for mark in rules.quotation.finditer(text, 0, limit):
        inside = next((n for n in range(1, len(mark.groups()) + 1) if mark.start(n) >= 0), 0)
        before = text[max(mark.start() - NEAR, 0) : mark.start()]
        if inside and rules.reported_by.search(before):
            yield Quoted(mark.start(inside), mark.end(inside), "reported")
