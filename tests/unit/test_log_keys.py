"""One key follows another by what both sign; a verifier follows as far as that goes."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.eventstore.log_keys import KeyBook, KeyRing, KeyStatement, new_key, statement_for
from shared.eventstore.notes import Checkpoint, Note, NoteError, SigningKey
from shared.kernel.errors import MalformedInput

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (SigningKey("recourse/intake", bytes([number]) * 32) for number in (1, 2, 3))
SIZES = {0: 10, 1: 0, 2: 7}


def stated(
    old: SigningKey, new: SigningKey, sizes: dict[int, int] = SIZES, revoked_from: datetime | None = None
) -> bytes:
    note = statement_for(KeyRing(new, old, revoked_from), "intake", sizes, NOON)
    assert note is not None
    return note.encode()


def signed(key: SigningKey, size: int, part: int = 0, log: str = "intake") -> Note:
    text = Checkpoint(f"recourse/{log}/{part}", size, bytes(32)).text
    return Note(text, (key.sign(text),))


def test_a_key_file_is_read_as_it_was_written() -> None:
    for ring in (KeyRing(SECOND), KeyRing(SECOND, FIRST), KeyRing(SECOND, FIRST, NOON)):
        again = KeyRing.parse(ring.encode())
        assert again.encode() == ring.encode()
        assert again.current.verifier() == SECOND.verifier()
        assert again.revoked_from == ring.revoked_from


@pytest.mark.parametrize("text", ["", "x", "a b", "PRIVATE+KEY+recourse/intake+00000000+AQID\n", "x\ny\nz\n"])
def test_what_is_no_key_file_is_named_and_not_repeated(text: str) -> None:
    with pytest.raises(MalformedInput) as error:
        KeyRing.parse(text, "intake.key")
    assert error.value.field == "intake.key"
    assert "AQID" not in str(error.value)


def test_a_new_key_is_never_the_same() -> None:
    assert new_key("intake").seed != new_key("intake").seed


def test_one_key_calls_for_no_statement() -> None:
    assert statement_for(KeyRing(FIRST), "intake", {}, NOON) is None


def test_who_pinned_the_first_key_follows_to_the_last() -> None:
    book = KeyBook([FIRST.verifier()])
    taken = book.follow([stated(SECOND, THIRD), stated(FIRST, SECOND)])
    assert [one.new for one in taken] == [SECOND.verifier(), THIRD.verifier()]
    assert book.signers(signed(THIRD, 99)) == [THIRD.verifier()]


def test_a_followed_key_is_good_for_what_it_had_signed_and_no_more() -> None:
    book = KeyBook([FIRST.verifier()])
    book.follow([stated(FIRST, SECOND)])
    assert book.signers(signed(FIRST, 10)) == [FIRST.verifier()]
    assert book.signers(signed(FIRST, 11)) == []
    assert book.signers(signed(FIRST, 1, part=1)) == []
    assert book.signers(signed(FIRST, 1, part=9)) == []


def test_a_revoked_key_passes_no_trust_on() -> None:
    book = KeyBook([FIRST.verifier()])
    book.follow([stated(FIRST, SECOND, revoked_from=NOON)])
    assert book.trusted == [FIRST.verifier()]
    assert book.signers(signed(SECOND, 5)) == []
    assert book.signers(signed(FIRST, 5)) == []
    assert book.signers(signed(FIRST, 5), seen_at=NOON) == []
    assert book.signers(signed(FIRST, 5), seen_at=NOON - timedelta(seconds=1)) == [FIRST.verifier()]


def test_a_statement_that_the_old_key_did_not_sign_is_nothing() -> None:
    text = KeyStatement("recourse/intake", "rotated", NOON, FIRST.verifier(), THIRD.verifier(), SIZES).text
    forged = Note(text, (THIRD.sign(text),)).encode()
    wrong = Note(text, (THIRD.sign(text), FIRST.sign("another text\n"))).encode()
    book = KeyBook([FIRST.verifier()])
    assert book.follow([forged, wrong, b"garbage", signed(FIRST, 3).encode()]) == []
    assert book.trusted == [FIRST.verifier()]


def test_a_key_that_two_keys_follow_is_told() -> None:
    book = KeyBook([FIRST.verifier()])
    with pytest.raises(NoteError, match="was followed by two keys"):
        book.follow([stated(FIRST, SECOND), stated(FIRST, THIRD)])


def test_a_key_signs_for_its_own_log_alone() -> None:
    book = KeyBook([FIRST.verifier()])
    assert book.signers(signed(FIRST, 3)) == [FIRST.verifier()]
    assert book.signers(signed(FIRST, 3, log="triage")) == []


def test_a_statement_is_no_checkpoint() -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(Note.parse(stated(FIRST, SECOND)).text)
