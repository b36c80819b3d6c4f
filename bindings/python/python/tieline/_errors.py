"""Exceptions: one base, and a class for each kind of error.

    TielineError ◁─ RuleError(…, ValueError), LoadError(…, OSError), ClosedError(…, RuntimeError), …

Each says `code`, which never changes, and where something is wrong in a rule: `diagnostics`, `path`, `line`, `column`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ._records import Diagnostic


class TielineError(Exception):
    """The base of all errors of Tieline."""

    code: str = "internal"
    diagnostics: list[Diagnostic]
    byte: Optional[int]

    def __init__(
        self, message: str = "", diagnostics: Optional[list[Diagnostic]] = None, byte: Optional[int] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.diagnostics = list(diagnostics or [])
        self.byte = byte

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type[TielineError], tuple[str, list[Diagnostic], Optional[int]]]:
        return type(self), (self.message, self.diagnostics, self.byte)

    @property
    def path(self) -> Optional[str]:
        """The file or the name of the text that the first diagnostic is about."""
        return self.diagnostics[0].path if self.diagnostics else None

    @property
    def line(self) -> Optional[int]:
        """The line of the first diagnostic, from 1."""
        return (self.diagnostics[0].line or None) if self.diagnostics else None

    @property
    def column(self) -> Optional[int]:
        """The column of the first diagnostic in characters, from 1."""
        return (self.diagnostics[0].column or None) if self.diagnostics else None


class ArgumentError(TielineError, ValueError):
    """An argument has a value that is not allowed."""

    code = "argument"


class RuleError(TielineError, ValueError):
    """Rules are broken, and were to be whole."""

    code = "rules"


class PipelineError(TielineError, ValueError):
    """A pipeline is broken, or not known."""

    code = "pipeline"


class EventError(TielineError, ValueError):
    """An event cannot be read; `byte` says where, when that is known."""

    code = "event"


class StateError(TielineError, ValueError):
    """State of a stream cannot be restored."""

    code = "state"


class SavedError(TielineError, ValueError):
    """Saved rules are damaged, or come from another version."""

    code = "saved"


class LoadError(TielineError, OSError):
    """A file or directory cannot be read."""

    code = "load"


class ClosedError(TielineError, RuntimeError):
    """The object was closed."""

    code = "closed"


class ForkedError(TielineError, RuntimeError):
    """The object belongs to the process that made it, and this is a fork of it."""

    code = "forked"


class CancelledError(TielineError, RuntimeError):
    """The call was broken off by the caller."""

    code = "cancelled"


class LimitError(TielineError, RuntimeError):
    """A limit was reached."""

    code = "limit"


class InternalError(TielineError, RuntimeError):
    """A fault of Tieline itself; please report it."""

    code = "internal"


_KINDS: dict[str, type[TielineError]] = {
    kind.code: kind
    for kind in (
        ArgumentError, RuleError, PipelineError, EventError, StateError, SavedError, LoadError, ClosedError,
        ForkedError, CancelledError, LimitError, InternalError,
    )
}  # fmt: skip


def of_kind(code: str, message: str, diagnostics: list[Diagnostic], byte: Optional[int]) -> TielineError:
    """The exception for a code."""
    return _KINDS.get(code, InternalError)(message, diagnostics, byte)
