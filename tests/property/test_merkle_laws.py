"""Proofs hold for every tree and every leaf, and for nothing else."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from shared.eventstore.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_holds,
    consistency_proof,
    full_subtrees,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    spans_over,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(600)]
SPANS = spans_over(LEAVES)
sizes = st.integers(1, len(LEAVES))


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(1, new)), new


@given(sizes)
def test_the_root_is_the_one_of_the_definition(size: int) -> None:
    assert root_of(LEAVES[:size]) == by_definition(LEAVES[:size])


@given(growths())
def test_a_tree_that_goes_on_from_its_edge_is_the_tree_made_at_once(growth: tuple[int, int]) -> None:
    old, new = growth
    edge = [SPANS((index << level, (index + 1) << level)) for level, index in full_subtrees((0, old))]
    tree = CompactRange(old, edge)
    for leaf in LEAVES[old:new]:
        tree.append(leaf)
    assert tree.root() == root_of(LEAVES[:new])


@given(places())
def test_every_leaf_is_proved(place: tuple[int, int]) -> None:
    index, size = place
    root = root_of(LEAVES[:size])
    proof = inclusion_proof(index, size, SPANS)
    assert len(proof) <= size.bit_length()
    assert inclusion_holds(LEAVES[index], index, size, proof, root)


@given(places(), st.data())
def test_no_altered_proof_of_a_leaf_holds(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    root = root_of(LEAVES[:size])
    proof = inclusion_proof(index, size, SPANS)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index) | st.just(size))
    strange = sha256(b"strange").digest()
    assert not inclusion_holds(LEAVES[index], other, size, proof, root)
    assert not inclusion_holds(strange, index, size, proof, root)
    assert not inclusion_holds(LEAVES[index], index, size, proof, strange)
    assert not inclusion_holds(LEAVES[index], index, size, [*proof, strange], root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not inclusion_holds(LEAVES[index], index, size, [*proof[:at], strange, *proof[at + 1 :]], root)
        assert not inclusion_holds(LEAVES[index], index, size, [*proof[:at], *proof[at + 1 :]], root)


@given(growths())
def test_every_growth_is_proved(growth: tuple[int, int]) -> None:
    old, new = growth
    proof = consistency_proof(old, new, SPANS)
    assert consistency_holds(old, new, root_of(LEAVES[:old]), root_of(LEAVES[:new]), proof)


@given(growths(), st.data())
def test_no_altered_proof_of_a_growth_holds(growth: tuple[int, int], data: st.DataObject) -> None:
    old, new = growth
    old_root, new_root = root_of(LEAVES[:old]), root_of(LEAVES[:new])
    proof = consistency_proof(old, new, SPANS)
    strange = sha256(b"strange").digest()
    assert not consistency_holds(old, new, strange, new_root, proof)
    assert not consistency_holds(old, new, old_root, strange, proof)
    assert not consistency_holds(old, new, old_root, new_root, [*proof, strange])
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not consistency_holds(old, new, old_root, new_root, [*proof[:at], strange, *proof[at + 1 :]])
        assert not consistency_holds(new, old, new_root, old_root, proof)


@given(sizes, st.data())
def test_a_history_that_differs_in_one_leaf_is_not_a_growth(size: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, size - 1))
    rewritten = [*LEAVES[:at], leaf_hash(b"rewritten"), *LEAVES[at + 1 :]]
    spans = spans_over(rewritten)
    new_root = root_of(rewritten)
    proof = consistency_proof(size, len(LEAVES), spans)
    assert not consistency_holds(size, len(LEAVES), root_of(LEAVES[:size]), new_root, proof)
