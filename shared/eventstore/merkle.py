"""The Merkle tree of RFC 6962 over a log partition: hashes, roots, proofs and their checks, all pure."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

# The leaves [begin, end) of a tree.
Span = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """Hash the data of one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node."""
    return sha256(b"\x01" + left + right).digest()


def event_leaf(header_hash: bytes, body_hash: bytes) -> bytes:
    """Hash the leaf of one event, at index position - 1. The header is proved without the body."""
    return leaf_hash(header_hash + body_hash)


class CompactRange:
    """The right edge of a growing tree: the roots of its full subtrees, from the widest to the narrowest."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """Begin empty, or with the `edge` that a tree of `size` leaves had."""
        self.size = size
        self.edge = list(edge)
        if len(self.edge) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees, not {len(self.edge)}")

    def append(self, node: bytes, level: int = 0) -> None:
        """Add the hash of the next leaf, or the root of the next full subtree of 2 ** `level` leaves.

        Raises ValueError where no subtree of that level can begin.
        """
        if self.size % (1 << level):
            raise ValueError(f"no subtree of level {level} begins after {self.size} leaves")
        rest = self.size >> level
        while rest & 1:
            node = node_hash(self.edge.pop(), node)
            rest >>= 1
        self.edge.append(node)
        self.size += 1 << level

    def root(self) -> bytes:
        """Give the root of the tree as it is now."""
        return fold_edge(self.edge)


def fold_edge(edge: Sequence[bytes]) -> bytes:
    """Give the root of the tree whose full subtrees are `edge`, from left to right."""
    if not edge:
        return EMPTY_ROOT
    node = edge[-1]
    for left in reversed(edge[:-1]):
        node = node_hash(left, node)
    return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over all of these leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def full_subtrees(span: Span) -> list[tuple[int, int]]:
    """Cut a span that begins where a subtree may begin into full subtrees: (level, index), from left to right.

    A subtree (level, index) covers the leaves [index << level, (index + 1) << level).
    """
    begin, end = span
    found = []
    while begin < end:
        fits = (end - begin).bit_length() - 1
        level = min(fits, (begin & -begin).bit_length() - 1) if begin else fits
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def _split(width: int) -> int:
    """Give the largest power of two below `width` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Name the subtrees whose roots prove that leaf `index` is in the tree of `size` leaves, from the leaf up.

    Raises ValueError if the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    begin, end = 0, size
    path: list[Span] = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return path[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Name the subtrees whose roots prove that the tree of `new` leaves begins with that of `old` leaves.

    Nothing is to be shown when old is 0 or equals new. Raises ValueError if old is beyond new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves cannot begin with one of {old}")
    if old in (0, new):
        return []
    begin, end = 0, new
    path: list[Span] = []
    whole = True
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
            whole = False
    if not whole:
        path.append((begin, end))
    return path[::-1]


def spans_over(leaves: Sequence[bytes]) -> Callable[[Span], bytes]:
    """Give the roots of spans over leaf hashes that are all at hand: for small trees and for tests."""
    return lambda span: root_of(leaves[span[0] : span[1]])


def inclusion_proof(index: int, size: int, root_at: Callable[[Span], bytes]) -> list[bytes]:
    """Prove that leaf `index` is in the tree of `size` leaves; `root_at` gives the root over a span."""
    return [root_at(span) for span in inclusion_spans(index, size)]


def consistency_proof(old: int, new: int, root_at: Callable[[Span], bytes]) -> list[bytes]:
    """Prove that the tree of `new` leaves begins with that of `old` leaves; `root_at` gives the root over a span."""
    return [root_at(span) for span in consistency_spans(old, new)]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows that the leaf hash `leaf` is at `index` of the tree (`size`, `root`)."""
    if not 0 <= index < size:
        return False
    spot, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if spot & 1 or spot == last:
            node = node_hash(sibling, node)
            while not spot & 1 and spot:
                spot, last = spot >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        spot, last = spot >> 1, last >> 1
    return last == 0 and node == root


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that the tree (`new`, `new_root`) begins with the tree (`old`, `old_root`).

    The empty tree is the beginning of every tree.
    """
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    spot, last = old - 1, new - 1
    while spot & 1:
        spot, last = spot >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if spot & 1 or spot == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not spot & 1 and spot:
                spot, last = spot >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        spot, last = spot >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
