"""The mail catcher keeps every mail it accepted, byte for byte."""

import smtplib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.process import Child, free_port, port_is_free, wait_until
from deploy.mailcatcher import Mailbox

MAIL = "From: ana@shop.example\r\nTo: bob@mail.example\r\nSubject: Grüße\r\n\r\n.dot\r\nbye\r\n".encode()


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port, mailbox = free_port(), tmp_path / "mailbox"
    argv = [sys.executable, "-m", "deploy.mailcatcher", "--port", str(port), "--mailbox", str(mailbox)]
    child = Child("catcher", argv, tmp_path / "catcher.log")
    child.start()
    try:
        wait_until(lambda: not port_is_free(port), child, 20)
        yield port, mailbox
    finally:
        child.stop()
    assert child.returncode == 0, child.log_tail()


def test_a_mail_is_kept_as_it_came_with_its_envelope(catcher: tuple[int, Path]) -> None:
    port, mailbox = catcher
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("bounce@shop.example", ["bob@mail.example", "eve@mail.example"], MAIL)
        client.sendmail("", ["bob@mail.example"], MAIL)
    first, second = sorted(mailbox.iterdir())
    envelope = (
        b"Return-Path: <bounce@shop.example>\r\nDelivered-To: bob@mail.example\r\nDelivered-To: eve@mail.example\r\n"
    )
    assert first.read_bytes() == envelope + MAIL
    assert second.read_bytes().startswith(b"Return-Path: <>\r\n")
    assert {path.suffix for path in mailbox.iterdir()} == {".eml"}


def test_names_sort_by_arrival_even_within_one_clock_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_000)
    mailbox = Mailbox(tmp_path)
    kept = [mailbox.keep("a@x.example", ["b@x.example"], bytes([n])) for n in range(3)]
    assert kept == sorted(tmp_path.iterdir())
