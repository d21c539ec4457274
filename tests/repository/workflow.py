"""Runs a GitHub Actions workflow's own `run` steps on this machine: jobs in the order of their needs, each step by the
shell that the file names, with the environment that it declares. Knows the expressions that our workflow uses and no
others, so an expression that nobody thought of fails the test.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
ALTERNATIVE = re.compile(r"(\S+) \|\| '([^']*)'")


class Ran(NamedTuple):
    """A step that was run."""

    job: str
    name: str
    code: int
    output: str


def read_workflow(path: Path) -> dict[str, Any]:
    """Read a workflow. YAML 1.1, in which `on` is a truth value, so that key is put right as GitHub reads it."""
    tree = yaml.safe_load(path.read_text())
    if True in tree:
        tree["on"] = tree.pop(True)
    return dict(tree)


def run_workflow(
    workflow: Mapping[str, Any], folder: Path, context: Mapping[str, str], environment: Mapping[str, str]
) -> list[Ran]:
    """Run every `run` step in a folder until one fails. `context` gives the values of expressions."""
    done: list[Ran] = []
    for name in _ordered(workflow["jobs"]):
        job = workflow["jobs"][name]
        for step in job["steps"]:
            if "run" not in step:
                continue
            declared = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
            values = {key: evaluated(str(value), context) for key, value in declared.items()}
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=folder,
                env={**os.environ, **environment, **values},
                capture_output=True,
                text=True,
                timeout=300,
            )
            done.append(Ran(name, step["name"], ran.returncode, ran.stdout + ran.stderr))
            if ran.returncode:
                return done
    return done


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """Return a text with its expressions replaced. Raises KeyError for one that isn't known."""

    def value(match: re.Match[str]) -> str:
        alternative = ALTERNATIVE.fullmatch(match[1])
        name, otherwise = alternative.groups() if alternative else (match[1], "")
        return context.get(name, "") or otherwise if alternative else context[name]

    return EXPRESSION.sub(value, text)


def _ordered(jobs: Mapping[str, Any]) -> list[str]:
    done: list[str] = []

    def visit(name: str) -> None:
        needs = jobs[name].get("needs", [])
        for other in [needs] if isinstance(needs, str) else needs:
            visit(other)
        if name not in done:
            done.append(name)

    for name in jobs:
        visit(name)
    return done
