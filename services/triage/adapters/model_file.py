"""Loads a published model from its two files: numbers in model.npz (never pickled), everything else in card.json."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import sqrt
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.triage.adapters.model_words import SHOUT, Unit, pieces, units
from services.triage.domain.policies.model import Joint
from shared.kernel.errors import MalformedInput

NUMBERS, CARD = "model.npz", "card.json"
HOME = 2
"""A word with this mark is common in the texts that taught what customers ask for; 1: learnt from somewhere."""
LEAST_KNOWN = 0.5
LONGEST_SPAN = 6
Numbers = NDArray[np.float32]


class Card(BaseModel):
    """What must be known of a model to use it; card.json tells more, of data, figures and licences."""

    model_config = ConfigDict(extra="allow", frozen=True)
    version: str
    numbers_sha256: str
    findings: tuple[str, ...]
    joints: dict[str, dict[str, float | bool]]


class ModelFile:
    """A linear model: each word, pair and piece of a word speaks for or against each finding."""

    def __init__(
        self,
        card: Card,
        *,
        words: Sequence[str],
        weights: Numbers,
        taught: NDArray[np.uint8],
        parts: Sequence[str],
        part_weights: Numbers,
        bias: Numbers,
    ) -> None:
        self.card = card
        self.version = card.version
        self.joints: Mapping[str, Joint] = {
            finding: TypeAdapter(Joint).validate_python(joint) for finding, joint in card.joints.items()
        }
        self._row = {word: at for at, word in enumerate(words)}
        self._part = {part: at for at, part in enumerate(parts)}
        self._weights, self._part_weights, self._bias = weights, part_weights, bias
        self._taught: list[int] = taught.tolist()

    @classmethod
    def load(cls, home: Path) -> Self:
        """Load a model directory; raises MalformedInput when a file is missing, or not what the card says."""
        try:
            card = Card.model_validate_json((home / CARD).read_bytes())
            data = (home / NUMBERS).read_bytes()
        except OSError as error:
            raise MalformedInput(
                f"{error.filename} cannot be read", field="model", fix="publish a model, or name its directory"
            ) from error
        except ValidationError as error:
            raise MalformedInput(f"{CARD} does not describe a model", field=str(home), fix="train it again") from error
        if hashlib.sha256(data).hexdigest() != card.numbers_sha256 or version_of(card) != card.version:
            problem = "the files are not the ones that the card tells of"
            raise MalformedInput(problem, field=str(home), fix="publish the model again; never edit its files")
        with np.load(home / NUMBERS, allow_pickle=False) as arrays:
            return cls(
                card,
                words=_words(arrays["words"]),
                weights=arrays["weights"].astype(np.float32),
                taught=arrays["taught"].astype(np.uint8),
                parts=_words(arrays["parts"]),
                part_weights=arrays["part_weights"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
            )

    def known(self, text: str) -> float:
        """Give the share of a text's words that the model has learnt from, from 0 to 1."""
        return self._gather(list(units(text)))[2]

    def at_home(self, text: str) -> bool:
        """Tell whether every word is common in the texts that taught what customers ask for."""
        rows = [self._row.get(unit.plain) for unit in units(text) if unit.plain[0].isalpha()]
        return all(row is not None and self._taught[row] == HOME for row in rows)

    def scores(self, text: str) -> Mapping[str, float]:
        """Give the calibrated probability of each finding; empty when too few of the words are known."""
        cut = list(units(text))
        rows, parts, known = self._gather(cut)
        if known < LEAST_KNOWN:
            return {}
        total = self._weights[rows].sum(axis=0)
        if parts:
            total += self._part_weights[parts].sum(axis=0)
        odds = self._bias + total / sqrt(len(cut))
        return dict(zip(self.card.findings, (1.0 / (1.0 + np.exp(-odds))).tolist(), strict=True))

    def span(self, text: str, finding: str) -> tuple[int, int]:
        """Give the place of the run of words that speaks most for a finding; (0, 0) when nothing does."""
        column = self.card.findings.index(finding)
        cut = list(units(text))
        speaks = [self._speaks(before, unit, column) for before, unit in zip([None, *cut], cut, strict=False)]
        best, where = 0.0, (0, 0)
        for first in range(len(cut)):
            run = 0.0
            for last in range(first, min(first + LONGEST_SPAN, len(cut))):
                run += speaks[last]
                if run > best + 1e-9:
                    best, where = run, (cut[first].start, cut[last].end)
        return where

    def _gather(self, cut: Sequence[Unit]) -> tuple[list[int], list[int], float]:
        """Give the rows of the words and of the pieces of unknown words, and the share of known words."""
        row, taught = self._row, self._taught
        rows: list[int] = []
        parts: list[int] = []
        seen = known = 0
        before = "^"
        for word, _, _, denied, shouted in cut:
            at = row.get(word)
            if word[0].isalpha():
                seen += 1
                known += at is not None and taught[at] > 0
            if at is None:
                parts += [p for piece in pieces(word) if (p := self._part.get(piece)) is not None]
            else:
                rows.append(at)
            if (pair := row.get(f"{before} {word}")) is not None:
                rows.append(pair)
            if denied and (other := row.get(f"~{word}")) is not None:
                rows.append(other)
            if shouted and (caps := row.get(SHOUT)) is not None:
                rows.append(caps)
            before = word
        return rows, parts, known / seen if seen else 0.0

    def _speaks(self, before: Unit | None, unit: Unit, column: int) -> float:
        rows, parts, _ = self._gather([unit])
        pair = self._row.get(f"{before.plain if before else '^'} {unit.plain}")
        lone = self._row.get(f"^ {unit.plain}")
        rows = [row for row in rows if row != lone] + ([pair] if pair is not None else [])
        return float(self._weights[rows, column].sum() + self._part_weights[parts, column].sum())


def version_of(card: Card) -> str:
    """Give the version that a card's content makes: the hash of all of it but the version itself."""
    content = card.model_dump(mode="json", exclude={"version"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def joint_entry(joint: Joint) -> dict[str, float | bool]:
    """Give a joint as a card holds it."""
    return asdict(joint)


def _words(data: NDArray[np.uint8]) -> list[str]:
    return bytes(data).decode().split("\n")
