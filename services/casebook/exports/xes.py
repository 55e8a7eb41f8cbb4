"""XES (IEEE 1849-2016, with the revision of 2023): a trace is a case, an event a fact, a resource who did it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import quoteattr

from services.casebook.exports.traces import Traces

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
  <global scope="trace"><string key="concept:name" value="none"/></global>
  <global scope="event"><string key="concept:name" value="none"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>
    <string key="lifecycle:transition" value="complete"/></global>
  <classifier name="Activity" keys="concept:name"/>
  <classifier name="Activity and resource" keys="concept:name org:resource"/>
"""


def write_xes(traces: Traces, out: TextIO, *, channel: str | None = None) -> tuple[int, int]:
    """Write the cases as an XES log; gives how many traces and events it holds."""
    out.write(HEAD)
    cases = events = 0
    for case_id, steps in traces.cases(channel=channel):
        cases += 1
        events += len(steps)
        out.write(f'  <trace><string key="concept:name" value="{case_id}"/>\n')
        for step in steps:
            at = datetime.fromtimestamp(step.at / 1_000_000, UTC).isoformat(timespec="microseconds")
            out.write(
                f'    <event><string key="concept:name" value={quoteattr(step.activity)}/>'
                f'<date key="time:timestamp" value="{at}"/><string key="lifecycle:transition" value="complete"/>'
                f'<string key="org:resource" value={quoteattr(step.who)}/>'
                f'<string key="org:group" value={quoteattr(step.service)}/>'
                f'<id key="identity:id" value="{step.event_id}"/></event>\n'
            )
        out.write("  </trace>\n")
    out.write("</log>\n")
    return cases, events


def compressed(path: Path) -> bool:
    """Tell whether a file's name asks for it to be compressed."""
    return path.suffix == ".gz"
