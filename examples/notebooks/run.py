"""Runs notebooks from their first cell on, and compares what comes out with what is kept in them.

    NAME.ipynb ──▶ a kernel of its own ──▶ fresh outputs ──▶ the same as those in the file?   run.py
                                                        └──▶ into the file                   run.py --write

Pictures are not compared, because letters are drawn differently from machine to machine. A cell that raises ends the run of its
notebook; cells with `assert` are the tests.
"""

import argparse
import difflib
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat
from traitlets.config import Config

HERE = Path(__file__).parent
BYTES_MAX = 300_000
SECONDS_MAX = 120


def fresh(path, own):
    """The notebook with new outputs, and without what changes from run to run. Its kernel keeps its files in `own`."""
    notebook = nbformat.read(path, as_version=4)
    # A kernel that is spoken to through files needs no network and opens no port.
    settings = {"transport": "ipc", "ip": f"{own}/{path.stem}"}
    resources = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS_MAX, startup_timeout=SECONDS_MAX, resources=resources, config=Config({"KernelManager": settings})
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client.execute()
    for number, cell in enumerate(notebook.cells):
        cell.metadata = {}
        cell.id = f"cell-{number}"
        for output in cell.get("outputs", []):
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = {}
            if "image/svg+xml" in output.get("data", {}):
                # What a chart is as text names its place in memory.
                output.data["text/plain"] = "a chart"
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def said(notebook):
    """All outputs as lines of text."""
    lines = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            data = dict(output.get("data", {}), text=output.get("text", ""))
            data.pop("image/svg+xml", None)
            for kind, text in sorted(data.items()):
                lines += [f"cell {number} {kind}: {line}" for line in str(text).splitlines()]
    return lines


def run(path, write, own):
    """What is wrong with the notebook; nothing when all is well."""
    try:
        notebook = fresh(path, own)
    except nbclient.exceptions.CellExecutionError as error:
        return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).rstrip()
    complaints = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    if complaints:
        return "\n".join(complaints)
    text = nbformat.writes(notebook, indent=1) + "\n"
    if write:
        path.write_text(text, encoding="utf-8")
    if len(text.encode()) > BYTES_MAX:
        return f"it has {len(text.encode())} bytes, more than {BYTES_MAX}"
    kept = nbformat.read(path, as_version=4)
    changes = difflib.unified_diff(said(kept), said(notebook), "kept", "fresh", lineterm="", n=0)
    shown = "\n".join(line[:200] for line in list(changes)[:20])
    return f"its outputs are not those that are kept; look at them, then write: run.py --write\n{shown}" if shown else ""


def main():
    """Runs what is named, or every notebook."""
    reader = argparse.ArgumentParser(description="run notebooks, and compare their outputs with those that are kept")
    reader.add_argument("names", nargs="*", help="names without .ipynb; all when there are none")
    reader.add_argument("--write", action="store_true", help="keep the new outputs")
    given = reader.parse_args()
    names = given.names or sorted(path.stem for path in HERE.glob("*.ipynb"))
    failed = 0
    with tempfile.TemporaryDirectory() as own:
        # Settings of the reader's own notebooks have no say here.
        os.environ.update(IPYTHONDIR=own, JUPYTER_CONFIG_DIR=own, JUPYTER_DATA_DIR=own, JUPYTER_RUNTIME_DIR=own)
        for name in names:
            begun = time.monotonic()
            wrong = run(HERE / f"{name}.ipynb", given.write, own)
            print(f"{'not ok' if wrong else 'ok'} - {name} ({time.monotonic() - begun:.0f} s)")
            if wrong:
                failed += 1
                print("\n".join(f"#   {line}" for line in wrong.splitlines()))
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(failed > 0 or not names)


if __name__ == "__main__":
    main()
