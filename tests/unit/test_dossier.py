"""A dossier proves itself, and shows whatever was done to it."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from deploy.local.dossier import layout
from deploy.local.dossier.checking import agrees, check
from deploy.local.dossier.gathering import File, Gathered, Signed
from deploy.local.dossier.layout import Proved, checkpoint_path
from deploy.local.dossier.packing import pack
from deploy.local.errors import UsageError
from shared.contracts.event import Recorded
from shared.eventstore.chain import header_hash, header_text
from shared.eventstore.merkle import event_leaf, inclusion_proof, root_of, spans_over
from shared.eventstore.notes import Checkpoint, Note, SigningKey, VerifierKey, key_name, origin_of
from tests.support.go_tool import go_verifier

__all__ = ["go_verifier"]
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
MADE = START + timedelta(hours=1, microseconds=7)
CASE = UUID("11111111-2222-4333-8444-555555555555")
SEALED = "sealed:1:AAAA"
WORDS = "= I want my money back #panic() <b>now</b> 退款"


def _event(position: int, version: int, stream: UUID, wire: str, body: Mapping[str, object]) -> Recorded:
    raw = json.dumps(body).encode()
    at = START + timedelta(seconds=position)
    return Recorded(
        UUID(int=position), wire, "intake", 3, position, "case", stream, version, "door", None, "api", None,
        UUID(int=0), None, None, at, None, raw, sha256(raw).digest(), bytes(32),
    )  # fmt: skip


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(key_name("intake"), bytes(range(32)))


@pytest.fixture
def gathered(key: SigningKey) -> Gathered:
    """A case of two messages, its events at positions 2 and 5 of a log of six."""
    message = {"channel": "chat", "sender": SEALED, "text": SEALED, "received_at": "2026-11-24T09:00:00Z"}
    log = [_event(at, 1, uuid4(), "intake.other.v1", {}) for at in range(1, 7)]
    log[1] = _event(2, 1, CASE, "intake.message_received.v1", message)
    log[4] = _event(5, 2, CASE, "intake.message_received.v1", message)
    leaves = [event_leaf(header_hash(one), sha256(one.body).digest()) for one in log]
    text = Checkpoint(origin_of("intake", 3), len(leaves), root_of(leaves)).text
    own = [one for one in log if one.stream_id == CASE]
    proved = [
        Proved(
            log=one.log,
            log_part=one.log_part,
            position=one.position,
            event_id=str(one.event_id),
            type=one.type,
            header=header_text(one).decode(),
            body=one.body.decode(),
            chain_hash=one.chain_hash.hex(),
            index=one.position - 1,
            size=len(leaves),
            proof=tuple(
                b64encode(step).decode()
                for step in inclusion_proof(one.position - 1, len(leaves), spans_over(leaves))
            ),
            checkpoint=checkpoint_path("intake", 3),
        )
        for one in own
    ]  # fmt: skip
    timeline = [
        {
            "event_id": str(one.event_id),
            "log": one.log,
            "log_part": 3,
            "position": one.position,
            "type": one.type,
            "recorded_at": one.recorded_at.isoformat(),
            "received_at": None,
            "who": "door",
            "on_behalf_of": None,
            "what": f"The customer wrote: {WORDS}",
            "why": None,
            "caused_by": None,
        }
        for one in own
    ]
    names = ("status", "resolved_how", "customer_name", "customer_id", "subject", "kind", "channel")
    case: dict[str, object] = {
        **dict.fromkeys(names, WORDS),
        "case_id": str(CASE),
        "tracking_code": "RC-TEST-0001",
        "amount": None,
        "opened_at": START.isoformat(),
        "answer_due": START.isoformat(),
        "promise_list": [],
    }
    signed = Signed(proved, Note(text, (key.sign(text),)).encode().decode(), [key.verifier().vkey], [])
    opened = {str(one.event_id): {**message, "sender": "max@example.org", "text": WORDS} for one in own}
    file = File("../../etc/pass wd", "ab" * 32, b"as it came")
    policies = {"shop-2026.2/pack.yaml": "id: shop\n"}
    return Gathered(case, timeline, opened, {"intake": signed}, [], policies, [file], MADE, "audra", None)


@pytest.fixture
def whole(gathered: Gathered, tmp_path: Path) -> Path:
    out = tmp_path / "case.zip"
    pack(gathered, out)
    return out


def _rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The dossier with a change, and a manifest that fits it again."""
    with ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    change(files)
    manifest = json.loads(files.pop(layout.MANIFEST))
    manifest["files"] = [
        {"path": name, "sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()
    ]
    manifest["events"] = len(files[layout.EVENTS].splitlines())
    out = path.with_name("rewritten.zip")
    with ZipFile(out, "w") as packed:
        packed.writestr(layout.MANIFEST, json.dumps(manifest))
        for name, data in files.items():
            packed.writestr(name, data)
    return out


def _found(path: Path, key: VerifierKey) -> set[str]:
    return {one.finding for one in check(path, [key]).wrong}


def test_a_dossier_holds_and_only_its_owner_may_read_it(whole: Path, key: SigningKey) -> None:
    result = check(whole, [key.verifier()])
    assert (result.wrong, result.proved, result.checkpoints, result.pinned) == ([], 2, 1, True)
    assert whole.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in whole.parent.iterdir()] == ["case.zip"]


def test_the_same_case_gives_the_same_bytes(gathered: Gathered, tmp_path: Path) -> None:
    one, two = tmp_path / "1.zip", tmp_path / "2.zip"
    pack(gathered, one)
    pack(gathered, two)
    assert one.read_bytes() == two.read_bytes()


def test_what_customers_wrote_is_shown_and_never_run(whole: Path) -> None:
    with ZipFile(whole) as packed:
        page, printed = packed.read(layout.PAGE).decode(), packed.read(layout.PRINTED)
        names = packed.namelist()
    assert "&lt;b&gt;now&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert printed.startswith(b"%PDF-")
    assert all(".." not in name and not name.startswith("/") for name in names)


def test_a_byte_of_a_file_that_changes_is_seen(whole: Path, key: SigningKey) -> None:
    data = whole.read_bytes()
    with ZipFile(whole) as packed, ZipFile(whole.with_name("x.zip"), "w") as other:
        for name in packed.namelist():
            content = packed.read(name)
            other.writestr(name, content + b" " if name == layout.PAGE else content)
    assert data
    assert _found(whole.with_name("x.zip"), key.verifier()) == {"file_altered"}


def test_a_body_rewritten_with_its_manifest_is_not_what_the_log_signed(whole: Path, key: SigningKey) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[layout.EVENTS] = files[layout.EVENTS].replace(b"chat", b"mail")
        files[layout.CASE] = files[layout.CASE].replace(b'"channel": "chat"', b'"channel": "mail"')

    assert _found(_rewritten(whole, change), key.verifier()) == {"not_in_log"}


def test_an_actor_rewritten_in_the_header_is_not_what_the_log_signed(whole: Path, key: SigningKey) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[layout.EVENTS] = files[layout.EVENTS].replace(b"door", b"ana ")

    assert _found(_rewritten(whole, change), key.verifier()) == {"not_in_log"}


def test_an_event_left_out_between_others_is_missed(whole: Path, key: SigningKey) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[layout.EVENTS] = files[layout.EVENTS].split(b"\n", 1)[1]

    assert _found(_rewritten(whole, change), key.verifier()) == {"event_missing", "readable_differs"}


def test_words_put_into_the_readable_part_are_seen_unless_they_were_sealed(whole: Path, key: SigningKey) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[layout.CASE] = files[layout.CASE].replace(b'"channel": "chat"', b'"channel": "mail"')

    assert _found(_rewritten(whole, change), key.verifier()) == {"readable_differs"}


def test_another_key_s_signature_does_not_count(whole: Path) -> None:
    other = SigningKey(key_name("intake"), bytes(32)).verifier()
    assert _found(whole, other) == {"signature_wrong", "not_proved"}


def test_go_s_packages_agree_on_a_dossier_and_on_what_was_done_to_it(
    whole: Path, key: SigningKey, go_verifier: Path
) -> None:
    keys = whole.with_name("keys.txt")
    keys.write_text(key.verifier().vkey + "\n")

    def judged(path: Path) -> tuple[int, str]:
        run: list[str | Path] = [go_verifier, "-dossier", path, keys]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[-1]

    def change(files: dict[str, bytes]) -> None:
        files[layout.EVENTS] = files[layout.EVENTS].replace(b"chat", b"mail", 1)

    assert judged(whole) == (0, "2 of 2 events are in the logs as signed.")
    assert judged(_rewritten(whole, change)) == (1, "1 of 2 events are in the logs as signed.")


def test_without_keys_it_says_that_the_keys_came_with_it(whole: Path) -> None:
    result = check(whole)
    assert (result.wrong, result.pinned) == ([], False)


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip"])
def test_no_dossier_is_told_in_a_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="cannot be read as a zip"):
        check(path)


@pytest.mark.parametrize(
    ("stored", "opened", "same"),
    [
        ({"a": SEALED, "b": [1, SEALED]}, {"a": "x", "b": [1, "[erased]"]}, True),
        ({"a": SEALED}, {"a": 1}, False),
        ({"a": "x"}, {"a": "y"}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
    ],
)
def test_an_opened_body_differs_from_the_stored_one_in_sealed_texts_only(
    stored: object, opened: object, same: bool
) -> None:
    assert agrees(stored, opened) is same
