"""Everything that is known of a person as one archive: pages that people read, and the same as data for machines."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any

from services.casebook.projections import case_timeline
from services.casebook.projections.wording import say
from shared.contracts.event import decode

assert case_timeline.WORDED_IN  # importing it is what teaches `say` its words
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}h1,h2{line-height:1.2}"
    "dt{font-weight:bold;margin-top:1em}dd{margin:0 0 0 1em}small{color:#555}"
    "pre{white-space:pre-wrap;background:#f4f4f4;padding:.5em;font:inherit}"
)
WORDS = ("text", "second_transcript")
PURPOSE = "To answer your messages, to decide on what you asked for, and to keep what was promised to you."
RIGHTS = (
    "You may have wrong data put right (GDPR Article 16), have data erased (17), have its use restricted (18), take it "
    "with you (20), object (21), and complain to your supervisory authority (77)."
)
AUTOMATED = (
    "Your messages are read by rules and by a statistical model, which propose what you asked for and how urgent it "
    "is. By which rule each answer was given is in the pages of your cases; a person looks at it again when you ask."
)
File = tuple[str, bytes]


def archive(
    known: Mapping[str, Any],
    status: Mapping[str, Any],
    reads: Mapping[str, Sequence[Mapping[str, Any]]],
    contents: Iterable[tuple[Mapping[str, Any], bytes | None]],
    when: str,
) -> bytes:
    """Give the archive (ZIP).

    `known` and `status` are what intake answers of the customer, `reads` who read their cases by case id, `contents`
    the files with their bytes (None where they are erased), `when` the instant of the export.
    """
    files: list[File] = [("data.json", _data(known, status, reads, when))]
    listed = []
    for number, (content, data) in enumerate(contents, start=1):
        name = _file_name(number, content)
        listed.append((content, name if data is not None else None))
        if data is not None:
            files.append((name, data))
    for case in known["cases"]:
        mine = [one for one in listed if one[0]["case_id"] == case["case_id"]]
        page = _case_page(case, mine, reads.get(case["case_id"], ()))
        files.append((f"cases/{case['case_id']}.html", page))
    files.append(("index.html", _index(known, status, when)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(files):
            packed.writestr(name, data)
    return out.getvalue()


def _data(
    known: Mapping[str, Any], status: Mapping[str, Any], reads: Mapping[str, Sequence[Mapping[str, Any]]], when: str
) -> bytes:
    whole = {"exported_at": when, **known, "privacy": dict(status), "access_records": dict(reads)}
    return json.dumps(whole, indent=1, ensure_ascii=False).encode()


def _index(known: Mapping[str, Any], status: Mapping[str, Any], when: str) -> bytes:
    addresses = [f"{one['kind']}: {one['address']}" + _named(one["name"]) for one in known["identities"]]
    cases = [
        f'<a href="cases/{case["case_id"]}.html">{escape(_title(case))}</a>' + ("" if case["own"] else " (another's)")
        for case in known["cases"]
    ]
    kept = [f"until {one['until']}: {one['category']}, by {one['law']}" for one in status["duties"]]
    kept += ["a legal hold" + (f" until {one['until']}" if one["until"] else "") for one in status["holds"]]
    facts = [
        ("Who you are to us", _list(map(escape, addresses)) or "No address of yours is kept."),
        ("What it is used for", escape(PURPOSE)),
        ("Where it comes from", "From you: your messages, calls and files; and from those who answered you."),
        ("Who gets it", "Those who answer you, decide on your requests and check us; nobody outside, unless named."),
        ("How long it is kept", _list(map(escape, kept)) or "Until its purpose is served, or you ask for erasure."),
        ("Decisions by machines", escape(AUTOMATED)),
        ("Your rights", escape(RIGHTS)),
        ("Your cases", _list(cases) or "None."),
        ("About you, apart from cases", _timeline(known["events"]) or "Nothing."),
    ]
    body = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts)
    intro = f"<p>As of {escape(when)} (GDPR Articles 15 and 20). The same, for machines, is in data.json.</p>"
    return _page("What we know of you", f"{intro}<dl>{body}</dl>")


def _case_page(
    case: Mapping[str, Any],
    files: Sequence[tuple[Mapping[str, Any], str | None]],
    reads: Sequence[Mapping[str, Any]],
) -> bytes:
    body = _timeline(case["events"])
    if files:
        links = [
            f'<a href="../{escape(name)}">{escape(content["name"] or "the message as it came")}</a>'
            if name
            else escape(f"{content['name']}: erased")
            for content, name in files
        ]
        body += f"<h2>Files</h2>{_list(links)}"
    if reads:
        seen = [f"{one['read_at'][:19]} {one['reader']}: {one['service']} {one['route']}" for one in reads]
        body += f"<h2>Who read it</h2>{_list(map(escape, seen))}"
    return _page(_title(case), body)


def _timeline(events: Sequence[Mapping[str, Any]]) -> str:
    return "".join(_line(event) for event in events)


def _line(event: Mapping[str, Any]) -> str:
    fact = decode(event["type"], json.dumps(event["fact"]).encode())
    said = say(fact) if fact else None
    line = said.line if said else event["type"]
    why = f"<br>{escape(said.why)}" if said and said.why else ""
    texts = "".join(f"<pre>{escape(event['fact'][name])}</pre>" for name in WORDS if event["fact"].get(name))
    by = f"{event['recorded_at'][:19].replace('T', ' ')} UTC, {event['service']}, {event['actor']}"
    return f"<p><small>{escape(by)}</small><br>{escape(line)}{why}</p>{texts}"


def _title(case: Mapping[str, Any]) -> str:
    opened = next((e["fact"] for e in case["events"] if e["type"] == "intake.case_opened.v1"), None)
    return f"Case {opened['tracking_code']}" if opened else f"Case {case['case_id']}"


def _file_name(number: int, content: Mapping[str, Any]) -> str:
    """A name that stays in its folder, whatever the sender called the file."""
    given = PurePosixPath((content["name"] or "message.eml").replace("\\", "/")).name
    safe = "".join(char if char.isalnum() or char in "._- " else "_" for char in given).strip(". ") or "file"
    return f"files/{number:03} {safe[:80]}"


def _named(name: str | None) -> str:
    return f" ({name})" if name else ""


def _list(items: Iterable[str]) -> str:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{lines}</ul>" if lines else ""


def _page(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>'.encode()
    )
