"""Reads labelled sets into items: a text, and for each finding that the set tells about, whether it holds."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel

from deploy.local.errors import UsageError
from shared.runtime.policy_files import read_policy

SETS = Path(__file__).with_name("sets.yaml")
_MASKED = re.compile(r"\d+")
_WORD = re.compile(r"\w+")
LEAST_WORDS = 3


class Told(BaseModel):
    """How a set's labels tell one finding; sets.yaml explains the words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    any: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    untaught: tuple[str, ...] = ()
    never: bool = False
    weigh: float = 1.0


class LabelledSet(BaseModel):
    """One set: how its items' ids begin, where the labels are, and what they tell."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    set: str
    ids: str
    labels: str
    findings: dict[str, Told]


class LabelledSets(RootModel[tuple[LabelledSet, ...]]):
    """sets.yaml."""


@dataclass(frozen=True, slots=True)
class Label:
    """Whether a finding holds for a text; `weight` 0 means counted in evaluation, never taught."""

    holds: bool
    weight: float = 1.0
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A text with what is known about it; `id` is the item's own, `part` tells turns and sentences of it apart."""

    id: str
    part: str
    origin: str
    text: str
    channel: str
    language: str | None
    labels: Mapping[str, Label] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Give what near-identical texts have in common: the words without numbers; empty for the shortest texts."""
        words = _WORD.findall(_MASKED.sub("0", self.text.casefold()))
        return " ".join(words) if len(words) >= LEAST_WORDS else ""


def read_items(path: Path) -> list[Item]:
    """Read a file of one JSON object a line, or every such file under a directory, in the order of their names.

    Raises UsageError that names file, line, problem and fix. Files of other shapes in a directory are passed over.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist", "name a .jsonl file, or a directory of them")
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no .jsonl file", "name a file or directory of labelled items")
    known = read_policy(SETS, LabelledSets).root
    return [item for file in files for item in _read_file(file, known, strict=path.is_file())]


def _read_file(file: Path, known: Sequence[LabelledSet], *, strict: bool) -> Iterator[Item]:
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8", "name a .jsonl file, or a directory of them") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            if strict:
                told = error.msg if isinstance(error, json.JSONDecodeError) else "is nested too deeply"
                raise UsageError(f"{file} line {number}: {told}", "one JSON object a line") from error
            return
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("id"), str)
            or not ("turns" in entry or "text" in entry)
        ):
            if strict:
                raise UsageError(
                    f"{file} line {number}: no `id` with `turns` or `text`", "see the data's README"
                ) from None
            return
        yield from items_of(entry, known)


def items_of(entry: Mapping[str, Any], known: Sequence[LabelledSet]) -> Iterator[Item]:
    """Give the items of one entry: each customer's turn, and for a review its title with its text."""
    identity, channel = str(entry["id"]), str(entry.get("channel", "chat"))
    found = next((s for s in known if identity.startswith(s.ids)), None)
    origin = found.set if found else identity.partition(":")[0]
    language = entry.get("language") or _iso(entry.get("iso639_3"))
    if "text" in entry:
        yield Item(identity, "", origin, str(entry["text"]), channel, language)
        return
    whole = entry.get("labels", {})
    for at, turn in enumerate(entry["turns"]):
        if turn.get("speaker") != "customer" or not str(turn.get("text", "")).strip():
            continue
        text = str(turn["text"])
        title = str(entry.get("title") or "")
        said = f"{title}\n{text}" if title and channel == "review" else text
        told = turn.get(found.labels, whole.get(found.labels)) if found else None
        labels = _labels(told, found.findings) if found and told is not None else {}
        yield Item(identity, str(at), origin, said, channel, language, labels, whole.get("slots", {}))
        if found and channel == "review":
            yield from _sentences(identity, origin, whole.get("opinions", ()))


def _labels(told: Any, findings: Mapping[str, Told]) -> dict[str, Label]:
    names = [told] if isinstance(told, str) else [str(name) for name in told]

    def among(patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

    labels = {}
    for finding, rule in findings.items():
        if among(rule.unknown):
            continue
        holds = not rule.never and (
            among(rule.any) or (bool(rule.only) and bool(names) and set(names) <= set(rule.only))
        )
        counts = bool(rule.any or rule.only)
        labels[finding] = Label(holds, 0.0 if among(rule.untaught) else rule.weigh, counts)
    return labels


def _sentences(identity: str, origin: str, opinions: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    """Give the sentences of a review that speak for or against: they teach, and are not counted."""
    scores: dict[str, int] = {}
    for opinion in opinions:
        scores[opinion["sentence"]] = scores.get(opinion["sentence"], 0) + int(opinion["score"])
    for at, (sentence, score) in enumerate(scores.items()):
        if score:
            label = {"polarity:negative": Label(score < 0, 0.5, counts=False)}
            yield Item(identity, f"s{at}", origin, sentence, "review", "en", label)


_ISO = {"eng": "en", "spa": "es", "fra": "fr", "deu": "de", "ita": "it", "por": "pt", "nld": "nl", "pol": "pl",
        "swe": "sv", "rus": "ru", "tur": "tr", "arb": "ar", "cmn": "zh", "jpn": "ja", "kor": "ko"}  # fmt: skip


def _iso(code: str | None) -> str | None:
    return None if code is None else _ISO.get(code, code)
