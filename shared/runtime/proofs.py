"""Proofs that events are in the tree of a checkpoint, made from the stored bytes."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

import asyncpg
from pydantic import BaseModel, Field

from shared.eventstore import checkpoints
from shared.eventstore.merkle import Span, event_leaf, inclusion_spans
from shared.eventstore.notes import origin_of
from shared.eventstore.tiles import HistoryBroken, Subtree, Tree, edge_of
from shared.kernel.errors import NotFound, Refused

HALVES = """
    SELECT e.position, event_header_hash(e) AS header, sha256(e.body) AS body FROM event e
    WHERE log_part = $1 AND position = ANY ($2)"""


class ProofView(BaseModel):
    """That one event is in the tree of a checkpoint; hashes are base64, the leaf is SHA-256(0x00, header, body)."""

    origin: str
    log_part: int
    position: int
    index: int = Field(description="The leaf's index: position - 1.")
    size: int
    header_hash: str
    body_hash: str
    leaf: str
    proof: list[str]
    root: str
    note: str


async def proofs(
    raw: asyncpg.Connection, owner: str, part: int, positions: Sequence[int], size: int | None
) -> list[ProofView]:
    """Prove events of one log partition under the checkpoint of `size`, else under the newest.

    The newest is signed by the key that holds now: a revoked key's checkpoints are worth little.
    Raises NotFound when there is no such event or checkpoint, Refused when the stored history does not hold.
    """
    halves = {row["position"]: row for row in await raw.fetch(HALVES, part, list(positions))}
    if missing := [position for position in positions if position not in halves]:
        raise NotFound(f"{owner} has no event at position {missing[0]} of log partition {part}", field="position")
    last = max(positions)
    under = await (checkpoints.of_size(raw, part, size) if size else checkpoints.last(raw, part))
    if under is None or under.size < last:
        raise NotFound(
            f"no checkpoint {f'of size {size} ' if size else ''}covers position {last}",
            field="size" if size else "position",
            fix="have one signed: POST /evidence/checkpoints",
        )
    steps = [inclusion_spans(position - 1, under.size) for position in positions]
    known = edge_of(under.size, under.edge)
    roots = iter(await answered(Tree(raw, owner, part), [span for spans in steps for span in spans], known))
    return [
        ProofView(
            origin=origin_of(owner, part),
            log_part=part,
            position=position,
            index=position - 1,
            size=under.size,
            header_hash=as_text(halves[position]["header"]),
            body_hash=as_text(halves[position]["body"]),
            leaf=as_text(event_leaf(halves[position]["header"], halves[position]["body"])),
            proof=[as_text(next(roots)) for _ in spans],
            root=as_text(under.root),
            note=under.note.decode(),
        )
        for position, spans in zip(positions, steps, strict=True)
    ]


async def answered(tree: Tree, spans: list[Span], known: Mapping[Subtree, bytes] | None = None) -> list[bytes]:
    """Give the roots over spans; raises Refused when the stored history does not hold."""
    try:
        return await tree.roots(spans, known)
    except HistoryBroken as broken:
        raise Refused(f"the log cannot be proved: {broken}", fix="run recourse audit verify") from broken


def as_text(data: bytes) -> str:
    """Give bytes as base64 text."""
    return b64encode(data).decode()
