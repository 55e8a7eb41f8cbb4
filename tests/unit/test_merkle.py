"""The tree is that of RFC 6962: the roots and proofs of the certificate-transparency project's own vectors."""

import pytest

from shared.eventstore.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    consistency_spans,
    full_subtrees,
    inclusion_proof,
    inclusion_spans,
    leaf_hash,
    root_of,
    spans_over,
)

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(one)) for one in INPUTS]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_vectors(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), list(INCLUSION))
def test_inclusion_proofs_are_those_of_the_vectors(index: int, size: int) -> None:
    proof = inclusion_proof(index, size, spans_over(LEAVES))
    assert [one.hex() for one in proof] == INCLUSION[index, size]


@pytest.mark.parametrize(("old", "new"), list(CONSISTENCY))
def test_consistency_proofs_are_those_of_the_vectors(old: int, new: int) -> None:
    proof = consistency_proof(old, new, spans_over(LEAVES))
    assert [one.hex() for one in proof] == CONSISTENCY[old, new]


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="a tree of 8 leaves has no leaf 8"):
        inclusion_spans(8, 8)
    with pytest.raises(ValueError, match="a tree of 3 leaves cannot begin with one of 4"):
        consistency_spans(4, 3)


def test_an_edge_has_a_subtree_for_each_bit_of_the_size() -> None:
    assert full_subtrees((0, 7)) == [(2, 0), (1, 2), (0, 6)]
    with pytest.raises(ValueError, match="a tree of 7 leaves has 3 full subtrees, not 1"):
        CompactRange(7, [EMPTY_ROOT])


def test_a_subtree_is_added_where_one_may_begin() -> None:
    tree = CompactRange()
    tree.append(root_of(LEAVES[:4]), 2)
    tree.append(root_of(LEAVES[4:6]), 1)
    assert (tree.size, tree.root()) == (6, root_of(LEAVES[:6]))
    with pytest.raises(ValueError, match="no subtree of level 2 begins after 6 leaves"):
        tree.append(root_of(LEAVES[:4]), 2)
