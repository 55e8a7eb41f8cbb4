"""The Merkle tree of a log partition as it is stored: full tiles of 256 hashes, and the newest leaves from the log."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import perf_counter

import asyncpg

from shared.eventstore.chain import genesis
from shared.eventstore.merkle import HASH_BYTES, CompactRange, Span, fold_edge, full_subtrees

# The level and the index of a full subtree; of tiles, of their roots.
Subtree = tuple[int, int]
HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES
PAGE = 16 * WIDTH
# One row a page: all leaves in a string, the first link that does not hold, how many there are.
LEAVES = """
    SELECT string_agg(leaf, '' ORDER BY position) AS leaves, min(position) FILTER (WHERE NOT linked) AS broken,
        count(*) AS events, min(position) AS first
    FROM (
        SELECT position, sha256('\\x00'::bytea || header || content) AS leaf,
            chain_hash = sha256(
                lag(chain_hash, 1, coalesce(
                    (SELECT b.chain_hash FROM event b WHERE b.log_part = $1 AND b.position = $2), $4::bytea)
                ) OVER (ORDER BY position) || header || content) AS linked
        FROM (
            SELECT position, chain_hash, event_header_hash(e) AS header, sha256(body) AS content FROM event e
            WHERE log_part = $1 AND position > $2 AND position <= $3 ORDER BY position OFFSET 0
        ) AS hashed
    ) AS linked"""
CHAIN = "SELECT chain_hash FROM event WHERE log_part = $1 AND position = $2"
KEPT = """
    SELECT t.level, t.number, t.hashes FROM unnest($2::smallint[], $3::bigint[]) AS w(level, number)
    JOIN tile t ON t.log_part = $1 AND t.level = w.level AND t.number = w.number"""
ROOTS = """
    SELECT string_agg(root, '' ORDER BY number) AS roots FROM tile
    WHERE log_part = $1 AND level = $2 AND number >= $3 AND number < $4"""
KEEP = "INSERT INTO tile VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
LAST = "SELECT coalesce(max(number), -1) + 1 FROM tile WHERE log_part = $1 AND level = $2"


class HistoryBroken(Exception):
    """The log is not what it was: `kind` names how, `position` where, as far as that is known."""

    def __init__(self, kind: str, log_part: int, position: int, what: str) -> None:
        super().__init__(what)
        self.kind = kind
        self.log_part = log_part
        self.position = position


@dataclass(frozen=True)
class Leaves:
    """The leaf hashes of consecutive events, the first of which is at position `after` + 1."""

    after: int
    hashes: bytes

    def of(self, number: int) -> bytes:
        """Give the hash of the nth of them, from 0."""
        return self.hashes[number * HASH_BYTES : (number + 1) * HASH_BYTES]

    def __len__(self) -> int:
        return len(self.hashes) // HASH_BYTES


class Tree:
    """The tree of one log partition, read and extended on one connection."""

    def __init__(self, raw: asyncpg.Connection, log: str, log_part: int) -> None:
        self._raw = raw
        self._log = log
        self._part = log_part

    async def chain_at(self, position: int) -> bytes:
        """Give the link of the hash chain at a position, the partition's first link at 0."""
        if position == 0:
            return genesis(self._log, self._part)
        link: bytes | None = await self._raw.fetchval(CHAIN, self._part, position)
        if link is None:
            raise HistoryBroken("rolled_back", self._part, position, f"there is no event at position {position}")
        return link

    async def leaves(self, after: int, upto: int) -> Leaves:
        """Compute the leaf hashes of the events at positions `after` + 1 to `upto` from the stored bytes.

        Raises HistoryBroken where one is missing, or a link of the hash chain does not hold.
        """
        if after >= upto:
            return Leaves(after, b"")
        row = await self._raw.fetchrow(LEAVES, self._part, after, upto, genesis(self._log, self._part))
        if row["broken"] is not None:
            at = row["broken"]
            raise HistoryBroken("chain_broken", self._part, at, f"the hash chain does not hold at position {at}")
        if row["events"] != upto - after or row["first"] != after + 1:
            raise HistoryBroken("event_missing", self._part, after + 1, f"an event is missing in {after + 1} to {upto}")
        return Leaves(after, row["leaves"])

    async def roots(self, spans: Iterable[Span], known: Mapping[Subtree, bytes] | None = None) -> list[bytes]:
        """Give the root over each of these spans, which lie within what was sealed.

        `known` are roots of full subtrees that need not be looked up, such as a checkpoint's edge.
        """
        wanted = [full_subtrees(span) for span in spans]
        found = dict(known or {})
        rows: dict[Subtree, int] = {}
        for one in (one for some in wanted for one in some if one not in found):
            tile, first, width = _place(*one)
            rows[tile] = max(rows.get(tile, 0), first + width)
        tiles = await self._tiles(rows) if rows else {}
        for one in (one for some in wanted for one in some if one not in found):
            tile, first, width = _place(*one)
            found[one] = _subtree(tiles[tile], first, width)
        return [fold_edge([found[one] for one in some]) for some in wanted]

    async def root(self, size: int) -> bytes:
        """Give the root of the tree at a size that was sealed."""
        return (await self.roots([(0, size)]))[0]

    async def extend(self, upto: int, *, gently: bool = False) -> CompactRange:
        """Seal the events up to a position: keep every tile that is full now, and give the tree.

        `gently` rests after each page for as long as it took, so that others get their turn. Kept tiles are read, not
        computed again: a sealer that was killed goes on where it was.
        """
        full = await self._raw.fetchval(LAST, self._part, 0) * WIDTH
        subtrees = full_subtrees((0, min(full, upto - upto % WIDTH)))
        edge = await self.roots([(index << level, (index + 1) << level) for level, index in subtrees])
        tree = CompactRange(sum(1 << level for level, _ in subtrees), edge)
        async for leaves in self._pages(tree.size, upto, gently):
            whole = len(leaves) // WIDTH
            full = [leaves.hashes[at * TILE_BYTES : (at + 1) * TILE_BYTES] for at in range(whole)]
            # One transaction, so that no tile is kept whose parent is full and is not.
            async with self._raw.transaction():
                for root in await self._keep(0, leaves.after // WIDTH, full):
                    tree.append(root, HEIGHT)
            for number in range(whole * WIDTH, len(leaves)):
                tree.append(leaves.of(number))
        return tree

    async def _pages(self, after: int, upto: int, gently: bool) -> AsyncIterator[Leaves]:
        while after < upto:
            began = perf_counter()
            page = await self.leaves(after, min(after + PAGE, upto))
            after += len(page)
            yield page
            if gently and after < upto:
                await asyncio.sleep(perf_counter() - began)

    async def _keep(self, level: int, first: int, tiles: Sequence[bytes]) -> list[bytes]:
        """Keep full tiles from number `first` on, and those above that they fill; give their roots."""
        roots = [_subtree(hashes, 0, WIDTH) for hashes in tiles]
        rows = [(self._part, level, first + nth, *one) for nth, one in enumerate(zip(tiles, roots, strict=True))]
        await self._raw.executemany(KEEP, rows)
        for number in range(first, first + len(tiles)):
            if number % WIDTH == WIDTH - 1:
                above = await self._tile_roots(level, number - WIDTH + 1, WIDTH)
                await self._keep(level + 1, number // WIDTH, [above])
        return roots

    async def _tiles(self, rows: dict[Subtree, int]) -> dict[Subtree, bytes]:
        """Give the hashes of tiles by level and number, of each at least as many as `rows` says."""
        kept = await self._raw.fetch(KEPT, self._part, [level for level, _ in rows], [number for _, number in rows])
        found: dict[Subtree, bytes] = {(row["level"], row["number"]): row["hashes"] for row in kept}
        for (level, number), width in rows.items():
            if (level, number) not in found:
                first = number * WIDTH
                found[level, number] = (
                    await self._tile_roots(level - 1, first, width)
                    if level
                    else (await self.leaves(first, first + width)).hashes
                )
        return found

    async def _tile_roots(self, level: int, first: int, count: int) -> bytes:
        roots: bytes = await self._raw.fetchval(ROOTS, self._part, level, first, first + count) or b""
        if len(roots) != count * HASH_BYTES:
            at = first << (HEIGHT * (level + 1))
            raise HistoryBroken("tiles_missing", self._part, at, f"tiles are missing from leaf {at} on")
        return roots


def edge_of(size: int, hashes: bytes) -> dict[Subtree, bytes]:
    """Give the full subtrees of a tree of so many leaves with their roots, which are `hashes` in a row."""
    subtrees = full_subtrees((0, size))
    return {one: hashes[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i, one in enumerate(subtrees)}


def _place(level: int, index: int) -> tuple[Subtree, int, int]:
    """Say where a full subtree's hashes are: the tile, the first hash in it, and how many."""
    within = level % HEIGHT
    first = index << within
    return (level // HEIGHT, first // WIDTH), first % WIDTH, 1 << within


def _subtree(hashes: bytes, first: int, width: int) -> bytes:
    nodes = hashes[first * HASH_BYTES : (first + width) * HASH_BYTES]
    while len(nodes) > HASH_BYTES:
        # node_hash over every pair, without cutting the pairs in two
        pairs = range(0, len(nodes), 2 * HASH_BYTES)
        nodes = b"".join([sha256(b"\x01" + nodes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return nodes
