"""Signed notes, checkpoints and cosignatures are those that the tools of transparency logs read."""

from base64 import b64decode, b64encode

import pytest

from shared.eventstore.notes import (
    COSIGNATURE,
    Checkpoint,
    Note,
    NoteError,
    SigningKey,
    VerifierKey,
    origin_of,
    with_signatures,
)

# Of the Go note package's documentation.
PETER = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
SAID = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# Of the C2SP's tlog-cosignature.
COSIGNED = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URY"
    "N7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyi"
    "n1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()
KEY = SigningKey("recourse/intake", bytes(range(32)))
WITNESS = SigningKey("recourse.example/witness", bytes(range(1, 33)))
POINT = Checkpoint(origin_of("intake", 3), 1234, bytes(32))


def test_a_note_that_go_signed_holds() -> None:
    assert Note.parse(SAID).signed_by([PETER]) == [PETER]


def test_the_standards_own_checkpoint_is_read_and_written_back() -> None:
    note = Note.parse(COSIGNED)
    point = Checkpoint.parse(note.text)
    assert note.encode() == COSIGNED
    assert (point.origin, point.size, point.text) == ("example.com/behind-the-sofa", 20852163, note.text)
    assert note.signatures[1].at == 1679315147


def test_a_checkpoint_is_signed_and_cosigned() -> None:
    note = with_signatures(Note(POINT.text, (KEY.sign(POINT.text),)), [WITNESS.cosign(POINT.text, 1679315147)])
    again = Note.parse(note.encode())
    assert again.signed_by([KEY.verifier(), WITNESS.verifier(COSIGNATURE)]) == [
        KEY.verifier(),
        WITNESS.verifier(COSIGNATURE),
    ]
    assert again.signed_by([WITNESS.verifier()]) == [], "a cosignature is no signature of a log"


def test_a_signature_does_not_hold_for_another_text() -> None:
    other = Checkpoint(POINT.origin, 1235, POINT.root)
    with pytest.raises(NoteError, match="the signature of recourse/intake does not hold"):
        Note(other.text, (KEY.sign(POINT.text),)).signed_by([KEY.verifier()])


def test_a_cosignature_does_not_hold_at_another_time() -> None:
    note = Note(POINT.text, (KEY.sign(POINT.text), WITNESS.cosign(POINT.text, 1679315147)))
    altered = note.encode().replace(b"witness " + _start(note), b"witness " + _start(note, later=1))
    assert altered != note.encode()
    with pytest.raises(NoteError, match="witness does not hold"):
        Note.parse(altered).signed_by([WITNESS.verifier(COSIGNATURE)])


def _start(note: Note, later: int = 0) -> bytes:
    made = note.signatures[1]
    at = (made.at + later).to_bytes(8, "big")
    return b64encode(made.key_id + at + made.made[8:])


def test_strangers_signatures_are_passed_over() -> None:
    stranger = SigningKey("recourse/intake", bytes(range(5, 37)))
    note = Note(POINT.text, (stranger.sign(POINT.text), KEY.sign(POINT.text)))
    assert note.signed_by([KEY.verifier()]) == [KEY.verifier()]


def test_a_key_is_one_line_and_its_id_is_checked() -> None:
    line = KEY.verifier().vkey
    assert VerifierKey.parse(line) == KEY.verifier()
    name, key_id, key = line.split("+", 2)
    with pytest.raises(NoteError, match="names another key's id"):
        VerifierKey.parse(f"{name}+00000000+{key}")
    with pytest.raises(NoteError, match="no verifier key"):
        VerifierKey.parse("recourse/intake")
    with pytest.raises(NoteError, match="no Ed25519 key"):
        VerifierKey.parse(f"{name}+{key_id}+{b64encode(b'x' + b64decode(key)[1:]).decode()}")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\nno signature\n",
        "text\n\n\u2014 name\n".encode(),
        "text\n\n\u2014 name AAAA\n".encode(),
        "text\n\n\u2014 name ????\n".encode(),
        "te\rxt\n\n\u2014 name AAAAAAAAAA==\n".encode(),
        "text\n\n\u2014 name AAAAAAAAAA==".encode(),
        b"\xff\n\n",
        ("text\n\n" + "\u2014 name AAAAAAAAAA==\n" * 65).encode(),
    ],
)
def test_what_is_no_note_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteError):
        Note.parse(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n5\n",
        "origin\n05\nAAAA\n",
        "origin\n-1\nAAAA\n",
        "origin\n5\nAAAA\n",
        "origin\n\nx\ny\n",
        "o\n٣\nA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t"])
def test_no_key_has_such_a_name(name: str) -> None:
    with pytest.raises(NoteError, match="cannot name a key"):
        SigningKey(name, bytes(32))
