"""Sigma detection and correlation over IT and OT events.

    rules = tieline.load("rules/")
    for found in rules.scan_files("logs/"):
        print(found.rule_title, found.file, found.line)
"""

from collections.abc import Sequence as _Sequence

from ._errors import (
    ArgumentError,
    CancelledError,
    ClosedError,
    EventError,
    ForkedError,
    InternalError,
    LimitError,
    LoadError,
    PipelineError,
    RuleError,
    SavedError,
    StateError,
    TielineError,
)
from ._incidents import (
    FindingSeen,
    Hop,
    HostSeen,
    Incident,
    IncidentChange,
    IncidentPath,
    IncidentStats,
    Reach,
    Score,
    Skew,
    Spread,
    Term,
)
from ._native import (
    Detection,
    Detections,
    Discovery,
    FileScan,
    Incidents,
    Learner,
    Normaliser,
    Pushed,
    Report,
    Rules,
    Stream,
    Trust,
    __version__,
    check,
    compile,
    load,
)
from ._records import (
    Alert,
    AssetEvidence,
    BadFile,
    Diagnostic,
    Difference,
    DiscoveryStats,
    Explanation,
    Fault,
    FieldEvidence,
    FieldUse,
    IndicatorSeen,
    Judgement,
    LoadReport,
    NotCounted,
    Reason,
    Restored,
    Rule,
    SeenAsset,
    SessionSeen,
    Step,
    StreamStats,
    Taken,
    TestFailure,
    TestReport,
    Totals,
    TrustStats,
    ValueSeen,
)

__all__ = [
    "Alert", "ArgumentError", "AssetEvidence", "BadFile", "CancelledError", "ClosedError", "Detection", "Detections",
    "Diagnostic", "Difference", "Discovery", "DiscoveryStats", "EventError", "Explanation", "Fault", "FieldEvidence",
    "FieldUse", "FileScan", "FindingSeen", "ForkedError", "Hop", "HostSeen", "Incident", "IncidentChange",
    "IncidentPath", "IncidentStats", "Incidents", "IndicatorSeen", "InternalError", "Judgement", "Learner",
    "LimitError", "LoadError", "LoadReport", "Normaliser", "NotCounted", "PipelineError", "Pushed", "Reach", "Reason",
    "Report", "Restored", "Rule", "RuleError", "Rules", "SavedError", "Score", "SeenAsset", "SessionSeen", "Skew", "Spread",
    "StateError", "Step", "Stream", "StreamStats", "Taken", "Term", "TestFailure", "TestReport", "TielineError",
    "Totals", "Trust", "TrustStats", "ValueSeen", "__version__", "check", "compile", "load",
]  # fmt: skip

_Sequence.register(Detections)
