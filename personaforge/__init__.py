"""PersonaForge: persona as code. `import personaforge as pf` gives what `__all__` names; docs/api.md documents it.

A name is imported when it is first used, so that importing the package loads nothing else.
"""

from __future__ import annotations

import sys
from types import ModuleType

__version__ = "0.1.0"

TYPE_CHECKING = False  # type checkers know the name; importing typing takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from personaforge.api import acknowledge as acknowledge
    from personaforge.api import build as build
    from personaforge.api import calibrate as calibrate
    from personaforge.api import compare as compare
    from personaforge.api import context as context
    from personaforge.api import contexts as contexts
    from personaforge.api import drift as drift
    from personaforge.api import evaluate as evaluate
    from personaforge.api import evaluate_clips as evaluate_clips
    from personaforge.api import judge as judge
    from personaforge.api import measure as measure
    from personaforge.api import open as open
    from personaforge.api import plan as plan
    from personaforge.api import policy as policy
    from personaforge.api import query as query
    from personaforge.drift.acceptance import Acknowledged as Acknowledged
    from personaforge.drift.acknowledgement import Acknowledgement as Acknowledgement
    from personaforge.drift.detector.detector import Finding as Finding
    from personaforge.drift.detector.linear import Trend as Trend
    from personaforge.drift.timelines import Drift as Drift
    from personaforge.drift.timelines import Timeline as Timeline
    from personaforge.errors import BackendError as BackendError
    from personaforge.errors import Blocked as Blocked
    from personaforge.errors import JobFailed as JobFailed
    from personaforge.errors import LockFrozen as LockFrozen
    from personaforge.errors import MachineError as MachineError
    from personaforge.errors import MissingExtra as MissingExtra
    from personaforge.errors import PersonaForgeError as PersonaForgeError
    from personaforge.errors import PinnedArtifactMissing as PinnedArtifactMissing
    from personaforge.errors import PlanError as PlanError
    from personaforge.errors import Problem as Problem
    from personaforge.errors import ProviderStopped as ProviderStopped
    from personaforge.errors import RateLimited as RateLimited
    from personaforge.errors import Refused as Refused
    from personaforge.errors import SpecError as SpecError
    from personaforge.errors import StoreError as StoreError
    from personaforge.errors import Unavailable as Unavailable
    from personaforge.errors import Undelivered as Undelivered
    from personaforge.errors import Unknown as Unknown
    from personaforge.errors import Unreadable as Unreadable
    from personaforge.faces.analyzer import AnalyzerIdentity as AnalyzerIdentity
    from personaforge.faces.analyzer import Face as Face
    from personaforge.faces.analyzer import FaceAnalyzer as FaceAnalyzer
    from personaforge.identity.calibration import Calibration as Calibration
    from personaforge.identity.clip import Advice as Advice
    from personaforge.identity.clip import ClipScore as ClipScore
    from personaforge.identity.clip import Degradation as Degradation
    from personaforge.identity.clip import Recommendation as Recommendation
    from personaforge.identity.decision import Decision as Decision
    from personaforge.identity.decision import ReasonedDecision as ReasonedDecision
    from personaforge.identity.policy import Mode as Mode
    from personaforge.identity.policy import Policy as Policy
    from personaforge.identity.score import Cause as Cause
    from personaforge.identity.score import Score as Score
    from personaforge.identity.score import Unmeasured as Unmeasured
    from personaforge.identity.stretches import OverTime as OverTime
    from personaforge.identity.stretches import Stretch as Stretch
    from personaforge.identity.stretches import Track as Track
    from personaforge.measuring.calibration import Calibrated as Calibrated
    from personaforge.measuring.evaluation import Evaluated as Evaluated
    from personaforge.measuring.evaluation import EvaluatedClip as EvaluatedClip
    from personaforge.measuring.evaluation import Evaluation as Evaluation
    from personaforge.measuring.measurements import Measured as Measured
    from personaforge.metrics import Metric as Metric
    from personaforge.plan.plan import Estimate as Estimate
    from personaforge.plan.plan import PersonaPlan as PersonaPlan
    from personaforge.plan.plan import Plan as Plan
    from personaforge.plan.plan import PlannedNode as PlannedNode
    from personaforge.plan.plan import PlanRequest as PlanRequest
    from personaforge.plan.plan import Reason as Reason
    from personaforge.providers import table as _providers
    from personaforge.providers.capability import Capability as Capability
    from personaforge.providers.capability import Limits as Limits
    from personaforge.providers.protocols import Blob as Blob
    from personaforge.providers.protocols import Job as Job
    from personaforge.providers.protocols import Provider as Provider
    from personaforge.providers.protocols import Remote as Remote
    from personaforge.providers.protocols import Reply as Reply
    from personaforge.providers.protocols import Request as Request
    from personaforge.run.budget import OverBudget as OverBudget
    from personaforge.run.build_report import BuildReport as BuildReport
    from personaforge.run.build_report import NodeReport as NodeReport
    from personaforge.run.events import Event as Event
    from personaforge.spec.kinds import Kind as Kind
    from personaforge.spec.load import Broken as Broken
    from personaforge.spec.load import Loaded as Loaded
    from personaforge.spec.settings import Settings as Settings
    from personaforge.spec.staging import FashionContext as FashionContext
    from personaforge.steps import context as _context
    from personaforge.steps import table as _steps
    from personaforge.steps.action import Action as Action
    from personaforge.steps.action import Outcome as Outcome
    from personaforge.steps.action import Output as Output
    from personaforge.steps.action import Price as Price
    from personaforge.steps.action import Procedure as Procedure
    from personaforge.steps.action import Result as Result
    from personaforge.steps.table import StepKind as StepKind
    from personaforge.warehouse.bounds import OutOfBounds as OutOfBounds
    from personaforge.warehouse.query import QueryError as QueryError
    from personaforge.warehouse.query import Rows as Rows
    from personaforge.workspace.workspace import BuildOptions as BuildOptions
    from personaforge.workspace.workspace import Workspace as Workspace

    ProviderEntry = _providers.Entry
    ProviderOptions = _providers.Options
    register_provider = _providers.register
    StepContext = _context.Context
    register_kind = _steps.register

_NAMES = {
    "api": (
        "acknowledge", "build", "calibrate", "compare", "context", "contexts", "drift", "evaluate", "evaluate_clips",
        "judge", "measure", "open", "plan", "policy", "query",
    ),
    "drift.acceptance": ("Acknowledged",),
    "drift.acknowledgement": ("Acknowledgement",),
    "drift.detector.detector": ("Finding",),
    "drift.detector.linear": ("Trend",),
    "drift.timelines": ("Drift", "Timeline"),
    "errors": (
        "BackendError", "Blocked", "JobFailed", "LockFrozen", "MachineError", "MissingExtra",
        "PersonaForgeError", "PinnedArtifactMissing", "PlanError", "Problem", "ProviderStopped", "RateLimited",
        "Refused", "SpecError", "StoreError", "Unavailable", "Undelivered", "Unknown", "Unreadable",
    ),
    "faces.analyzer": ("AnalyzerIdentity", "Face", "FaceAnalyzer"),
    "identity.calibration": ("Calibration",),
    "identity.clip": ("Advice", "ClipScore", "Degradation", "Recommendation"),
    "identity.decision": ("Decision", "ReasonedDecision"),
    "identity.policy": ("Mode", "Policy"),
    "identity.score": ("Cause", "Score", "Unmeasured"),
    "identity.stretches": ("OverTime", "Stretch", "Track"),
    "measuring.calibration": ("Calibrated",),
    "measuring.evaluation": ("Evaluated", "EvaluatedClip", "Evaluation"),
    "measuring.measurements": ("Measured",),
    "metrics": ("Metric",),
    "plan.plan": ("Estimate", "PersonaPlan", "Plan", "PlanRequest", "PlannedNode", "Reason"),
    "providers.capability": ("Capability", "Limits"),
    "providers.protocols": ("Blob", "Job", "Provider", "Remote", "Reply", "Request"),
    "providers.table": ("Entry ProviderEntry", "Options ProviderOptions", "register register_provider"),
    "run.budget": ("OverBudget",),
    "run.build_report": ("BuildReport", "NodeReport"),
    "run.events": ("Event",),
    "spec.kinds": ("Kind",),
    "spec.load": ("Broken", "Loaded"),
    "spec.settings": ("Settings",),
    "spec.staging": ("FashionContext",),
    "steps.action": ("Action", "Outcome", "Output", "Price", "Procedure", "Result"),
    "steps.context": ("Context StepContext",),
    "steps.table": ("StepKind", "register register_kind"),
    "warehouse.bounds": ("OutOfBounds",),
    "warehouse.query": ("QueryError", "Rows"),
    "workspace.workspace": ("BuildOptions", "Workspace"),
}  # fmt: skip
"""Module -> its public names, each with the name that it has here where that differs."""
_PLACES = {name.split()[-1]: (module, name.split()[0]) for module, names in _NAMES.items() for name in names}

__all__ = sorted(["__version__", *_PLACES])


if not TYPE_CHECKING:  # or every name would be fine for type checkers

    def __getattr__(name: str) -> Any:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module, its_name = _PLACES[name]
        found = globals()[name] = getattr(import_module(f"{__name__}.{module}"), its_name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `plan` and `drift` functions: the packages of these names would take their place on being imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PLACES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
