"""A bar that shows how much of files was read: tqdm, when it is there."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Optional

Bar = Callable[[Optional[tuple[int, int]]], None]


def _in_notebook() -> bool:
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _size(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.exists(path) else 0
    return sum(_size(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def bar(wanted: Optional[bool], paths: list[Any]) -> Optional[Bar]:
    """What is called with bytes and events that were read, and with None at the end; None shows nothing."""
    if wanted is False or (wanted is None and not _in_notebook()):
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if wanted:
            raise
        return None
    shown = tqdm(total=sum(_size(os.fspath(path)) for path in paths) or None, unit="B", unit_scale=True)

    def show(read: Optional[tuple[int, int]]) -> None:
        if read is None:
            shown.close()
        else:
            shown.update(read[0] - shown.n)
            shown.set_postfix(events=read[1], refresh=False)

    return show
