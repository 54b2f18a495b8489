"""The entry point of the command ``course``, and of ``python -m course_lib``.

It imports nothing before it is ready to say in one line that a package is missing or
broken, or that a file called random.py hides one of Python's own.
"""

from __future__ import annotations

import os
import sys

FAILED, STOPPED = 1, 130


def main() -> int:
    """Run the command on the arguments of this process; return its exit code."""
    try:
        from course_lib.app.cli import main as course

        return course()
    except KeyboardInterrupt as stopped:
        return fail(str(stopped) or "stopped", STOPPED)
    except Exception as error:
        if os.environ.get("COURSE_TRACEBACK"):
            raise
        line = import_problem(error)
        if line is None:
            raise
        return fail(line, FAILED)


def import_problem(error: Exception) -> str | None:
    """Return what package is missing or broken, even where Python's own are hidden."""
    path, own = list(sys.path), (sys.base_prefix, sys.prefix)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or sys.prefix
        if name in sys.stdlib_module_names and not file.startswith(own):
            del sys.modules[name]
    sys.path[:] = [folder for folder in path if folder.startswith(own)]
    try:
        from course_lib.app import packages
        from course_lib.bounds import escaped

        line = packages.import_problem(error, path)
        return line and escaped(line)
    finally:
        sys.path[:] = path


def fail(line: str, code: int) -> int:
    """Print one line on stderr; return the exit code."""
    try:
        print(f"course: {line}", file=sys.stderr)
    except OSError:  # stderr is closed
        return code
    return code


if __name__ == "__main__":
    sys.exit(main())
