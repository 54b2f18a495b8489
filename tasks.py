"""Every task of the course: ``python3 tasks.py help`` (Windows: ``py tasks.py help``).

This file finds a Python that is new enough and hands over to tools/jobs.py. It is
written so that any Python, however old, can read it and say what is wrong.
"""

from __future__ import print_function

import os
import platform
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 11)
TESTED = ((3, 13), (3, 12), (3, 11))
NEEDED = "The course needs Python 3.11, 3.12 or 3.13"
TOO_NEW = (3, 15)  # November 2026: PyYAML, which Jupyter needs, has no wheel for it

HELP = """\
  make lab        set up what is missing, then open the course in JupyterLab
  make test       check everything: style, types, library, every notebook
  make slow       tests that take minutes: a million random graphs, long runs
  make mutants    plant mistakes in the engine: the tests must catch each
  make torture    thousands of bad inputs at every door, and a table of faults
  make lint       style and types only
  make format     let ruff put the code into shape
  make notebooks  build and run the notebooks that changed (FORCE=1: all)
  make slides     slides for a class, from the notebooks, into build/slides
  make book       build the web site of the pages, into build/book/html
  make bench      measure against other libraries, into benchmarks/RESULTS.md
  make bench-gpu  measure a large model on a GPU, against torch.compile
  make workshop-demo  run a JupyterHub for a class on this machine, for a look
  make workshop-load  let thirty made-up learners work on it, and measure
  make lock       choose package versions anew (ARGS=--upgrade: the newest)
  make clean      remove environments and caches; your notebooks stay

  make test PYTHON=python3.12    with another Python: any command or path
  make test ARGS="-k optimizers" with arguments for the tool underneath
  make test WORKERS=8            with more processes than two

  Without make: python3 tasks.py lab    (Windows: py tasks.py lab)
                python3 tasks.py test --python python3.12 -- -k optimizers"""


def version_of(command):
    """Return (major, minor) of the Python that `command` starts, or None."""
    probe = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        process = subprocess.Popen(
            command + ["-c", probe], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        words = process.communicate()[0].split()
        return (int(words[0]), int(words[1])) if len(words) == 2 else None
    except (OSError, ValueError):
        return None


def named_python(name):
    """Return the command that `name` means: a path, a command with options, or 3.12."""
    spellings = [[name], shlex.split(name, posix=os.name != "nt"), ["python" + name]]
    for command in spellings:
        version = version_of(command) if command else None
        if version is not None:
            if not OLDEST <= version < TOO_NEW:
                stop("%s is Python %d.%d. %s." % ((name,) + version + (NEEDED,)))
            return command
    return stop(
        "PYTHON=%s does not start a Python. Give a command or a path, "
        "such as PYTHON=python3.12." % name
    )


def suitable_python():
    """Return a command for a Python of a tested version, this one if it is."""
    here = sys.version_info[:2]
    if here in TESTED:
        return [sys.executable]
    for major, minor in TESTED:
        name = "%d.%d" % (major, minor)
        command = ["py", "-" + name] if os.name == "nt" else ["python" + name]
        if version_of(command) == (major, minor):
            return command
    if here < OLDEST:
        stop(
            "This is Python %d.%d, which is too old. %s: install one "
            "of them, then call this again." % (here + (NEEDED,))
        )
    if here >= TOO_NEW:
        stop(
            "This is Python %d.%d, which is too new: not every package that Jupyter "
            "needs is made for it yet. %s: install one of them, then call this again; "
            "or use conda or Binder (see README.md)." % (here + (NEEDED,))
        )
    print("Note: Python %d.%d is newer than the course is tested with." % here)
    return [sys.executable]


def refuse_intel_mac():
    """Stop on a Mac with an Intel processor, before anything is downloaded."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        stop(
            "This Python is made for Intel Macs, and JAX and other packages are not "
            "any more. On a Mac with an Apple chip: install a Python made for it. On "
            "an Intel Mac: use Binder, or another computer (see README.md)."
        )


def stop(message):
    """Say in one line what is wrong, and leave with exit code 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def main(arguments):
    """Run the task named first in `arguments` with a suitable Python."""
    own = arguments[:1] == ["--own-environment"]  # we called ourselves, see below
    if own:
        arguments = arguments[1:]
    task, rest = (arguments[0] if arguments else "help"), arguments[1:]
    if task in ("help", "-h", "--help"):
        print(HELP)
        return 0
    command = None
    if rest[:1] == ["--python"]:
        if len(rest) < 2 or not rest[1]:
            stop("--python needs a command or a path, such as python3.12.")
        command, rest, own = named_python(rest[1]), rest[2:], True
    elif not own:
        command = suitable_python()
    if command is None or command == [sys.executable]:
        if sys.version_info[:2] < OLDEST:
            stop(NEEDED + ".")
        refuse_intel_mac()
        sys.path.insert(0, ROOT)
        from tools import jobs

        return jobs.main(task, rest[rest[:1] == ["--"] :], own_environment=own)
    flag = ["--own-environment"] if own else []
    again = command + [os.path.abspath(__file__)] + flag + [task] + rest
    try:
        return subprocess.call(again)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
