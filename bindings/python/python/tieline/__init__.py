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
from ._native import (
    Detection,
    Detections,
    FileScan,
    Normaliser,
    Pushed,
    Rules,
    Stream,
    __version__,
    check,
    compile,
    load,
)
from ._records import (
    Alert,
    BadFile,
    Diagnostic,
    Explanation,
    Fault,
    FieldEvidence,
    FieldUse,
    IndicatorSeen,
    LoadReport,
    NotCounted,
    Reason,
    Restored,
    Rule,
    Step,
    StreamStats,
    TestFailure,
    TestReport,
    Totals,
    ValueSeen,
)

__all__ = [
    "Alert", "ArgumentError", "BadFile", "CancelledError", "ClosedError", "Detection", "Detections", "Diagnostic",
    "EventError", "Explanation", "Fault", "FieldEvidence", "FieldUse", "FileScan", "ForkedError", "IndicatorSeen", "InternalError",
    "LimitError", "LoadError", "LoadReport", "Normaliser", "NotCounted", "PipelineError", "Pushed", "Reason", "Restored",
    "Rule", "RuleError", "Rules", "SavedError", "StateError", "Step", "Stream", "StreamStats", "TestFailure", "TestReport",
    "TielineError", "Totals", "ValueSeen", "__version__", "check", "compile", "load",
]  # fmt: skip

_Sequence.register(Detections)
