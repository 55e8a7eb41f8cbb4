"""Reading files for ingest: what is a dialogue, a mail, nothing of both, and what is said of broken lines."""

import json
from pathlib import Path

import pytest

from deploy.local.errors import UsageError
from deploy.local.ingest.dialogues import read_dialogues, read_line
from deploy.local.ingest.items import Dialogue, Problem
from deploy.local.ingest.mails import NOBODY, read_mail, wire_form
from deploy.local.ingest.sources import find_sources

CHANNELS = ("chat", "phone", "review", "web")
SAMPLES = Path(__file__).parents[2] / "samples"


def dialogue(**fields: object) -> bytes:
    turn = {"speaker": "customer", "text": "My money back!"}
    return json.dumps({"id": "shop:1", "channel": "chat", "turns": [turn], **fields}).encode()


def read(**fields: object) -> Dialogue:
    found = read_line(dialogue(**fields), "f:1", CHANNELS)
    assert isinstance(found, Dialogue)
    return found


def test_every_turn_gets_an_id_that_stays_the_same() -> None:
    turns = [{"speaker": "agent", "text": "Hello"}, {"speaker": "customer", "text": "Hi"}]
    found = read(turns=turns)
    assert [turn.body["message_id"] for turn in found.turns] == ["shop:1#0", "shop:1#1"]
    assert {turn.body["sender"]["address"] for turn in found.turns} == {"shop:1"}


@pytest.mark.parametrize(
    ("at", "said_at"),
    [
        ("2020-05-25T23:57:33Z", "2020-05-25T23:57:33.000000+00:00"),
        ("2020-05-26T01:57:33.005+02:00", "2020-05-25T23:57:33.005000+00:00"),
        ("2020-05-25T23:57:33", "2020-05-25T23:57:33.000000+00:00"),
        ("2015-08-09", "2015-08-09T12:00:00.000000+00:00"),
    ],
)
def test_times_are_utc_and_a_date_alone_is_noon(at: str, said_at: str) -> None:
    [turn] = read(turns=[{"speaker": "customer", "text": "x", "at": at}]).turns
    assert turn.body["said_at"] == said_at


def test_a_turn_without_a_time_has_none() -> None:
    assert "said_at" not in read().turns[0].body


def test_the_two_sides_of_a_call_are_put_in_order_of_time_and_keep_their_ids() -> None:
    turns = [
        {"speaker": "agent", "text": "second", "at": "2020-06-02T00:00:02Z", "asr_text": "sec", "duration_ms": 9},
        {"speaker": "customer", "text": "first", "at": "2020-06-02T00:00:01Z"},
    ]
    found = read(channel="phone", turns=turns)
    assert [turn.body["text"] for turn in found.turns] == ["first", "second"]
    assert [turn.number for turn in found.turns] == [1, 0]
    assert found.turns[1].body["second_transcript"] == "sec"
    assert found.turns[1].body["duration_ms"] == 9


def test_turns_in_which_nobody_spoke_are_counted_and_left_out() -> None:
    turns = [
        {"speaker": "customer", "text": " ", "asr_text": ""},
        {"speaker": "customer", "text": "", "asr_text": "hm"},
    ]
    found = read(turns=turns)
    assert found.silent == 1
    assert [turn.number for turn in found.turns] == [1]


def test_a_review_takes_its_stars_from_the_labels_and_its_subject_from_the_title() -> None:
    body = read(channel="review", title="poor", labels={"polarity": "negative"}).turns[0].body
    assert (body["rating"], body["subject"]) == (1, "poor")
    assert read(channel="review", labels={"rating": 4}).turns[0].body["rating"] == 4
    assert "rating" not in read(channel="chat", labels={"polarity": "negative"}).turns[0].body


def test_the_web_form_is_the_web_door() -> None:
    assert read(channel="web form").channel == "web"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"not json", "line"),
        (b"[]", "line"),
        (b"\xff{}", "line"),
        (dialogue(channel="fax"), "channel"),
        (dialogue(id=""), "id"),
        (dialogue(turns=[]), "turns"),
        (dialogue(turns=[{"speaker": "robot", "text": "x"}]), "turns.0.speaker"),
        (dialogue(turns=[{"speaker": "agent"}]), "turns.0.text"),
        (dialogue(turns=[{"speaker": "agent", "text": "x", "at": "yesterday"}]), "turns.0.at"),
        (dialogue(turns=[{"speaker": "agent", "text": "x", "duration_ms": -1}]), "turns.0.duration_ms"),
    ],
)
def test_a_broken_line_is_named_with_field_problem_and_fix(line: bytes, field: str) -> None:
    found = read_line(line, "f.jsonl:7", CHANNELS)
    assert isinstance(found, Problem)
    assert (found.where, found.field) == ("f.jsonl:7", field)
    assert found.problem
    assert found.fix
    assert "\n" not in str(found)


def test_a_broken_line_does_not_keep_the_others_out(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(dialogue() + b"\n{\n\n" + dialogue(id="shop:2") + b"\n")
    assert [type(one) for one in read_dialogues(path, CHANNELS)] == [Dialogue, Problem, Dialogue]


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        (b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\n", ""),
        (b"Return-Path: <MAILER-DAEMON>\n", ""),
        (b"Return-Path: <kim@example.org>\nFrom: Other <o@example.org>\n", "kim@example.org"),
        (b"return-path:\n <kim@example.org>\n", "kim@example.org"),
        (b"From: Kim <kim@example.org>\n", "kim@example.org"),
        (b"From someone Mon Jan 1\nFrom: kim@example.org (Kim)\n", "kim@example.org"),
        (b"From: Kim\n", NOBODY),
        (b"Subject: no sender at all\n", NOBODY),
        ("From: Jöhn <jdöe@mächine.example>\n".encode(), "jdöe@mächine.example"),
    ],
)
def test_the_envelope_names_who_the_mail_says_sent_it(tmp_path: Path, header: bytes, sender: str) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(header + b"\nReturn-Path: <body@example.org>\n")
    assert read_mail(path).sender == sender


def test_only_line_ends_differ_on_the_wire() -> None:
    assert wire_form(b"a\nb\r\nc\rd\n\xff\x00") == b"a\r\nb\r\nc\rd\r\n\xff\x00"


def test_samples_hold_what_their_readme_says() -> None:
    found = find_sources([SAMPLES])
    dialogues = [one for path in found.dialogues for one in read_dialogues(path, CHANNELS)]
    assert len(dialogues) == 34
    assert all(isinstance(one, Dialogue) for one in dialogues)
    assert len(found.mails) == 14
    assert [path.name for path in found.mails if not read_mail(path).sender]


def test_what_is_neither_mail_nor_dialogue_is_passed_over_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_bytes(dialogue())
    (tmp_path / "expected.jsonl").write_text('{"id": "x", "expected": {}}\n')
    (tmp_path / "body.txt").write_text("From: Kim\nTo: you\n\nonly quoted\n")
    (tmp_path / "whole.txt").write_text("From: kim@example.org\nMessage-ID: <1@x>\n\nhello\n")
    (tmp_path / "notes.md").write_text("x")
    found = find_sources([tmp_path, tmp_path / "good.jsonl"])
    assert [path.name for path in found.dialogues] == ["good.jsonl"]
    assert [path.name for path in found.mails] == ["whole.txt"]
    assert len(found.notes()) == 3


def test_a_path_that_holds_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds nothing"):
        find_sources([tmp_path])
    with pytest.raises(UsageError, match="nowhere"):
        find_sources([tmp_path / "nowhere"])
