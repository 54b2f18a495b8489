"""The build of the notebooks: read each text source, execute it, keep its outputs.

Each source gives two pages: the learner's, and in notebooks/solutions/ the same with
every exercise solved. When the latter is built, its interactive figures are recorded,
too: notebooks/recordings has what they show on pages without a kernel.

``make notebooks`` builds what changed; ``make notebooks FORCE=1`` builds all;
``make notebooks ARGS=04_autograd`` builds the named ones. A rebuild without a change
gives the same bytes, as long as the cells themselves print the same.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from course_lib.app import notebook_source
from course_lib.widgets.recorded_page import STILL
from course_lib.widgets.recording import RECORDINGS, SUFFIX
from tools.notebook_checks import form_problems, output_problems

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
SOURCES = FOLDER / "source"
SOLUTIONS = FOLDER / "solutions"
RECORDED = FOLDER / "recordings"
MOST_RECORDED = 1_500_000  # bytes, of one page
CHECK = re.compile(r"^exercise\.(\w+)\.check\((\w+)\)", re.MULTILINE)
STATE = ROOT / "build" / "notebooks.json"  # what each notebook was last built from
SECONDS_PER_CELL = 900  # recorded, a figure takes a minute
WIDGET = "application/vnd.jupyter.widget-view+json"


def read_source(path: Path) -> NotebookNode:
    """Return the notebook that a text source (py:percent) describes, not yet run."""
    page = notebook_source.read_source(path.read_text(encoding="utf-8"))
    nb: NotebookNode = nbformat.from_dict(page)
    return nb


def read_solved(path: Path) -> NotebookNode:
    """Return the same notebook with every exercise solved, not yet run."""
    nb = read_source(path)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../", "](../../")  # one folder down
        elif found := CHECK.search(cell.source):
            chapter = f"course_lib.exercises.{path.stem.partition('_')[2]}"
            exercise = getattr(importlib.import_module(chapter), found[1])
            cell.source = with_answer(cell.source, found[2], exercise.solution_source())
    return nb


def with_answer(code: str, name: str, answer: str) -> str:
    """Return a cell's code with the stub called `name` exchanged for an answer."""
    lines = code.splitlines()
    for node in ast.parse(code).body:
        names = [getattr(node, "name", None)]
        if isinstance(node, ast.Assign):
            names = [getattr(target, "id", None) for target in node.targets]
        if name in names and node.end_lineno:
            lines[node.lineno - 1 : node.end_lineno] = answer.splitlines()
            return "\n".join(lines)
    raise ValueError(f"No stub called {name} stands in the cell that checks it.")


def execute(
    nb: NotebookNode, folder: Path, recordings: Path | None = None
) -> NotebookNode:
    """Run every cell in `folder` with this Python; raises CellExecutionError.

    recordings: a folder for those of the figures shown; None: they are not recorded.
    """
    client = NotebookClient(
        nb,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    client.create_kernel_manager().transport_encryption = "auto"  # else it warns
    with tempfile.TemporaryDirectory() as home:  # nobody's progress, nothing compiled
        own = {"COURSE_LIB_HOME": home, "COURSE_LIB_CACHE": home}
        own |= {RECORDINGS: str(recordings)} if recordings else {}
        client.execute(env=kernel_environment() | own)
    return nb


def kernel_environment() -> dict[str, str]:
    """Environment variables of a kernel, the same on every machine."""
    fixed = {"JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}
    return {**os.environ, **fixed}


def normalised(nb: NotebookNode) -> NotebookNode:
    """Remove from the outputs and the metadata what differs from run to run."""
    nb.metadata = nbformat.from_dict(notebook_source.METADATA)
    for cell in nb.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = list(merged(cell.outputs))
    return nb


def merged(outputs: Iterable[NotebookNode]) -> Iterable[NotebookNode]:
    """Merge adjacent outputs of one stream; of a widget keep its HTML fallback."""
    last = None
    for output in outputs:
        data = output.get("data", {})
        if data.pop(WIDGET, None) and "text/html" not in data:
            continue  # without its kernel a widget shows nothing
        if output.output_type == "stream":
            if last is not None and last.get("name") == output.name:
                last.text = as_on_screen(last.text + output.text)
                continue
            output.text = as_on_screen(output.text)
        last = output
        yield output


def as_on_screen(text: str) -> str:
    """Apply carriage returns as a terminal does: of a progress bar, its last state."""
    return re.sub(r"[^\n]*\r(?!\n)", "", text.replace("\r\n", "\n"))


def build(source: Path, target: Path, solved: bool = False) -> list[str]:
    """Build `target` from `source`; return what is wrong with it, one line each.

    When a cell raises, `target` stays as it was.
    """
    nb = read_solved(source) if solved else read_source(source)
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            execute(nb, target.parent, Path(folder) if solved else None)
        except CellExecutionError as error:
            return [f"{source.stem}: a cell raised, nothing written.\n{error}"]
        new = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    for name, recording in new.items():
        RECORDED.mkdir(exist_ok=True)
        (RECORDED / name).write_bytes(recording)
    text = nbformat.writes(normalised(nb), version=nbformat.NO_CONVERT) + "\n"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        unfinished = target.with_suffix(".part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)
    if solved:
        problems = output_problems(nb, target.stem) + unsolved(nb, target.stem)
        return problems + recording_problems(nb, target.stem)
    return output_problems(nb, target.stem) + form_problems(nb, target.stem)


def unsolved(nb: NotebookNode, name: str) -> list[str]:
    """Return the exercises of an executed page that were not found correct."""
    return [
        f"solutions/{name}, cell {number}: exercise {found[1]} is not correct."
        for number, cell in enumerate(nb.cells, 1)
        if cell.cell_type == "code"
        and (found := CHECK.search(cell.source))
        and not any(
            output.get("data", {}).get("text/plain", "").startswith("✓ Correct")
            for output in cell.outputs
        )
    ]


def figures(nb: NotebookNode) -> dict[str, str]:
    """Return the interactive figures of an executed page: by name, in words."""
    found = {}
    for cell in nb.cells:
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            if still := STILL.fullmatch(data.get("text/html", "")):
                found[still["name"]] = data["text/plain"]
    return found


def recordings(nb: NotebookNode) -> dict[str, Path]:
    """Return where the recording of each interactive figure of a page is."""
    return {name: RECORDED / f"{name}{SUFFIX}" for name in figures(nb)}


def recording_problems(nb: NotebookNode, name: str) -> list[str]:
    """Return recordings that an executed page lacks, or has too much of."""
    paths = recordings(nb).values()
    missing = [
        f"{name}: no recording {path.name}" for path in paths if not path.exists()
    ]
    size = sum(path.stat().st_size for path in paths if path.exists())
    if size > MOST_RECORDED:
        missing += [
            f"{name}: its recordings take {size:,} bytes, and {MOST_RECORDED:,} are "
            "the most: let a replay have fewer states."
        ]
    return missing


def digest(paths: Iterable[Path]) -> str:
    """Return one SHA-256 digest of the content of several files."""
    whole = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def built(source: Path, target: Path) -> str:
    """Return a digest of a page: its source, what was built, and its recordings."""
    paths = [source, target]
    if target.exists() and target.parent == SOLUTIONS:
        paths += recordings(nbformat.read(target, nbformat.NO_CONVERT)).values()
    return digest(paths)


def library() -> list[Path]:
    """Return the files of course_lib, which every notebook runs on."""
    found = (ROOT / "course_lib").rglob("*")
    return sorted(p for p in found if p.is_file() and p.suffix != ".pyc")


def main(arguments: list[str] | None = None) -> int:
    """Build the notebooks that changed; return 1 if anything is wrong with one."""
    parser = argparse.ArgumentParser(prog="make notebooks", description=__doc__)
    parser.add_argument("names", nargs="*", help="such as 04_autograd")
    parser.add_argument("--force", action="store_true", help="build all of them")
    options = parser.parse_args(arguments)
    sources = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    unknown = set(options.names) - {path.stem for path in sources}
    if unknown:
        print(f"No such source in notebooks/source: {', '.join(sorted(unknown))}.")
        return 2
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    code = digest(library())

    def work(source: Path, solved: bool) -> list[str]:
        target = (SOLUTIONS if solved else FOLDER) / (source.stem + ".ipynb")
        name = f"{target.parent.name}/{source.stem}"
        same = state.get(name) == code + built(source, target)
        if same and not options.force:
            print(f"{name}: up to date", flush=True)
            return []
        problems = build(source, target, solved)
        if not problems:
            state[name] = code + built(source, target)
        print(f"{name}: {'see below' if problems else 'built'}", flush=True)
        if solved and not problems:
            page = nbformat.read(target, nbformat.NO_CONVERT)
            for path in recordings(page).values():
                print(f"  {path.name}: {path.stat().st_size:,} bytes", flush=True)
        return problems

    chosen = [p for p in sources if not options.names or p.stem in options.names]
    pages = [(source, solved) for source in chosen for solved in (False, True)]
    # One at a time: pages measure times, and two would slow each other down.
    problems = [line for page in pages for line in work(*page)]
    STATE.parent.mkdir(exist_ok=True)
    STATE.write_text(json.dumps(state, indent=1))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
