"""JUnit XML as Jenkins, GitLab and GitHub's reporters read it: testsuites, a testsuite for each group, its properties,
then testcases with at most one of failure, error and skipped, and then system-out.

There is no official schema; this keeps to the strictest in use, junit-10.xsd of github.com/jenkinsci/xunit-plugin, so a
testcase has no file, line or properties: its text says where it is declared. The schema has no warnings: a warning is a
skipped testcase whose message begins with `warning:`, so that it is seen and fails nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from personaforge.report.formats.sheet import Line, Sheet

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, not even escaped."""


def as_junit(sheet: Sheet) -> str:
    """Return a sheet as JUnit XML, a testsuite for each group in order of appearance."""
    counts = _counts(sheet.lines)
    del counts["skipped"]  # which this schema knows of a testsuite only
    root = ET.Element("testsuites", {"name": _clean(sheet.name), **counts})
    for group in dict.fromkeys(line.group for line in sheet.lines):
        lines = tuple(line for line in sheet.lines if line.group == group)
        suite = ET.SubElement(root, "testsuite", {"name": _clean(group or sheet.name), **_counts(lines)})
        if sheet.started:
            suite.set("timestamp", datetime.fromtimestamp(sheet.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        properties = ET.SubElement(suite, "properties")
        for name, value in (("command", sheet.name), ("result", sheet.title)):
            ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
        for line in lines:
            _testcase(suite, line, sheet)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _testcase(suite: ET.Element, line: Line, sheet: Sheet) -> None:
    classname = ".".join(part for part in (sheet.name.replace(" ", "."), line.group) if part)
    case = ET.SubElement(
        suite, "testcase", {"name": _clean(line.name), "classname": _clean(classname), "time": f"{line.seconds:.3f}"}
    )
    message = _clean(line.message)
    place = f"{sheet.prefix}{line.file}{f':{line.line}' if line.line else ''}" if line.file else ""
    detail = _clean("\n".join(part for part in (line.detail, place) if part))
    if line.state in ("fail", "error"):
        tag, kind = ("failure", "check") if line.state == "fail" else ("error", "broken")
        ET.SubElement(case, tag, {"message": message, "type": kind}).text = "\n".join(filter(None, (message, detail)))
    elif line.state in ("warn", "skip"):
        said = f"warning: {message}" if line.state == "warn" else message
        ET.SubElement(case, "skipped", {"message": said})
        ET.SubElement(case, "system-out").text = detail
    elif message:
        ET.SubElement(case, "system-out").text = "\n".join(filter(None, (message, detail)))


def _counts(lines: tuple[Line, ...]) -> dict[str, str]:
    states = [line.state for line in lines]
    return {
        "tests": str(len(states)),
        "failures": str(states.count("fail")),
        "errors": str(states.count("error")),
        "skipped": str(states.count("skip") + states.count("warn")),
        "time": f"{sum(line.seconds for line in lines):.3f}",
    }


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
