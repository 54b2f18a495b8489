"""One virtual environment, set up from a lock file and kept in step with it.

Standard library only: this runs before anything is installed. Every failure ends as
a `SetupError`: one line with what is wrong and what to do. What pip and uv said is
kept in a log beside the environment.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "learn": "requirements.lock",
    "test": "requirements-test.lock",
    "book": "requirements-book.lock",
}
INSTALLER_LOCK = "requirements-uv.lock"
JUPYTER = "tools/jupyter"  # settings that the course installs with itself
STAMP = "course-setup.json"
# pip into the environment whatever its settings say; uv trusts whom the system trusts.
QUIET = {"PIP_USER": "0", "UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "1"}

FULL_DISK = r"no space left|os error 28\b|errno 28\b|disk quota|not enough space"
NO_NETWORK = (
    r"dns error|failed to lookup|name resolution|getaddrinfo|connection refused"
    r"|connection reset|network is unreachable|error sending request|timed out"
    r"|tunnel connection failed|proxyerror|newconnectionerror|max retries"
    r"|retry\(total=|certificate"
)
# Runs a command, and ends it and all it started when whoever started this one is gone:
# a set-up that was killed leaves nobody behind who still writes into the environment.
GUARD = """
import os, signal, subprocess, sys, threading
own_group = {"start_new_session": True} if os.name != "nt" else {}
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, **own_group)
def end():
    if own_group:
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
def watch():
    os.read(0, 1)  # returns when the other end is closed
    end()
threading.Thread(target=watch, daemon=True).start()
try:
    code = child.wait()
except KeyboardInterrupt:
    end()
    code = 130
os._exit(code if code >= 0 else 1)
"""
NO_VENV = r"ensurepip is not available|no module named '?\"?(venv|ensurepip)"


class SetupError(Exception):
    """Set-up cannot go on; the text is one line for the person at the keyboard."""


class FullDiskError(SetupError):
    """No space is left."""


class NoNetworkError(SetupError):
    """Nothing can be downloaded."""


@dataclass(frozen=True)
class Environment:
    """The folder of a virtual environment and the Python that makes it."""

    folder: Path
    maker: str  # the Python that `python -m venv` runs on

    @classmethod
    def choose(cls, *, own: bool) -> Environment:
        """``.venv``, or ``.venv-3.12`` for a Python that was asked for by name."""
        name = ".venv-{}.{}".format(*sys.version_info) if own else ".venv"
        # Started from inside an environment, go back to the Python it was made from.
        maker = getattr(sys, "_base_executable", sys.executable)
        return cls(ROOT / name, maker)

    def beside(self, name: str) -> Environment:
        """Return the environment of another set of packages, such as ``.venv-book``."""
        return Environment(
            self.folder.with_name(f"{self.folder.name}-{name}"), self.maker
        )

    @property
    def python(self) -> str:
        """The environment's own Python."""
        place = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return str(self.folder / place)

    def variables(self) -> dict[str, str]:
        """Our variables without those that make a Python look elsewhere.

        Nor the one that forbids compiled files: every kernel would start seconds later.
        """
        away = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"}
        away |= {"PYTHONDONTWRITEBYTECODE"}
        kept = {name: value for name, value in os.environ.items() if name not in away}
        scripts = str(Path(self.python).parent)
        kept["PATH"] = os.pathsep.join([scripts, kept.get("PATH", "")])
        return kept

    def run(self, command: list[str], more: Mapping[str, str] | None = None) -> int:
        """Run `command` in the environment (`more`: variables); return its status."""
        return subprocess.call(command, env={**self.variables(), **(more or {})})

    # --- what is there ----------------------------------------------------------

    def stamp(self) -> dict[str, str]:
        """What the last finished set-up wrote; empty if none finished or it broke."""
        try:
            text = (self.folder / STAMP).read_text(encoding="utf-8")
            stamp: dict[str, str] = json.loads(text)
        except (OSError, ValueError):
            return {}
        same_place = stamp.get("folder") == str(self.folder)
        return stamp if same_place and stamp.get("python") == self.version() else {}

    def version(self) -> str | None:
        """The version of the environment's Python, or None if it does not start."""
        probe = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            answer = subprocess.run(
                [self.python, "-I", "-S", "-c", probe], capture_output=True, text=True
            )
        except OSError:
            return None
        return answer.stdout.strip() or None

    # --- setting up -------------------------------------------------------------

    def prepare(self, wanted: str) -> None:
        """Make sure the packages of `wanted` ("learn", "test" or "book") are there.

        Raises SetupError when they cannot be. Quick when nothing has changed; safe to
        interrupt and to call twice at once.
        """
        if self._is_ready(self.stamp(), wanted) and not self.missing():
            return
        with one_line_errors(self.folder.parent), self._alone():
            stamp = self.stamp()  # another set-up may just have finished
            missing = self.missing() if stamp else []
            if missing or not self._is_ready(stamp, wanted):
                if missing:
                    more = f" and {len(missing) - 1} more" if missing[1:] else ""
                    say(f"{missing[0]}{more} is missing in {self.folder.name}.")
                both = "test" if stamp.get("set") == "test" else wanted
                self._set_up(both, update=bool(stamp) and not missing)

    def missing(self) -> list[str]:
        """Return what was installed and is not there any more, by file or folder.

        A look at each package's own list: at its folders, not at every file in them.
        """
        gone = []
        for packages in self.folder.glob("[Ll]ib/**/site-packages"):
            for record in packages.glob("*.dist-info/RECORD"):
                lines = record.read_text(encoding="utf-8").splitlines()
                tops = {line.split("/")[0] for line in lines if "/" in line}
                tops -= {"..", "__pycache__", "bin"}
                gone += [top for top in tops if not (packages / top).exists()]
            listed = {folder.name for folder in packages.glob("*.dist-info")}
            known = str(self.stamp().get("packages", "")).split()
            gone += [
                name.removesuffix(".dist-info") for name in known if name not in listed
            ]
        return sorted({*gone})

    @staticmethod
    def _is_ready(stamp: dict[str, str], wanted: str) -> bool:
        installed = stamp.get("set", "")
        enough = installed in (wanted, "test")  # the test set holds the learner's
        return enough and stamp.get("fingerprint") == fingerprint(installed)

    def _set_up(self, wanted: str, *, update: bool) -> None:
        """Install `wanted`; the stamp goes first and comes back last."""
        (self.folder / STAMP).unlink(missing_ok=True)
        log = self._beside("log")
        log.unlink(missing_ok=True)
        try:
            if not update:
                self._create()
            self._install(wanted)
        except BaseException:
            if not update:  # leave no half-made environment on a full disk
                shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._write_stamp(set=wanted, fingerprint=fingerprint(wanted))
        log.unlink(missing_ok=True)
        say("Ready.")

    def _create(self) -> None:
        """A fresh virtual environment with pip in it."""
        if self.folder.exists() or self.folder.is_symlink():
            say(f"Removing {self.folder.name}, which is unfinished or out of date.")
            remove(self.folder)
        version = "{}.{}.{}".format(*sys.version_info)
        say(f"Setting up {self.folder.name} with Python {version}; needed only once.")
        self._step("making the environment", [self.maker, "-m", "venv", self.folder])

    def _install(self, wanted: str) -> None:
        """The locked packages, then the course itself."""
        pip = [self.python, "-m", "pip", "--disable-pip-version-check", "install"]
        pip += ["--quiet", "--retries", "2", "--timeout", "30"]
        uv = [self.python, "-m", "uv", "pip", "install", "--python", self.python]
        hashed = ["--require-hashes", "--only-binary", ":all:", "-r"]
        packages: list[str | Path] = [*hashed, ROOT / LOCKS[wanted]]
        itself: list[str | Path] = [
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            ROOT,
        ]
        what = "downloading and installing packages (hundreds of MB the first time)"
        installer: list[str | Path] = [*pip, *hashed, ROOT / INSTALLER_LOCK]
        try:
            self._step("fetching the installer", installer)
            self._step(what, [*uv, *packages])
        except FullDiskError:
            raise
        except SetupError as error:
            if isinstance(error, NoNetworkError) and not self._has_uv():
                raise
            # pip knows settings of its own (a company's mirror) and runs anywhere.
            self._step(what + ", with pip", [*pip, *packages])
            uv = pip
        if wanted != "book":  # which reads the stored pages, and runs nothing
            self._step("installing the course", [*uv, *itself])

    def _has_uv(self) -> bool:
        command = [self.python, "-m", "uv", "--version"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def add_extra(self, extra: str) -> None:
        """Add the packages of an extra of pyproject.toml: see ``add_packages``."""
        what = f"adding what {extra!r} needs (PyTorch: up to 3 GB)"
        self.add_packages(extra, extra_of(extra), what)

    def add_packages(self, name: str, packages: list[str], what: str) -> None:
        """Add packages under a name, by pip and without hashes; ``what``: the step.

        The locked versions of everything else stay as they are.
        """
        with one_line_errors(self.folder.parent), self._alone():
            stamp = self.stamp()
            mark = hashlib.sha256("\n".join(packages).encode()).hexdigest()
            if stamp.get(name) == mark:
                return
            lock = (ROOT / LOCKS[stamp["set"]]).read_text(encoding="utf-8")
            pins = re.sub(r"\s*\\\n\s*--hash=\S+", "", lock)
            constraints = self.folder / "constraints.txt"
            constraints.write_text(pins, encoding="utf-8")
            pip = [self.python, "-m", "pip", "--disable-pip-version-check", "install"]
            pip += ["--quiet", "--constraint", str(constraints), *packages]
            self._step(what, pip)
            self._write_stamp(**{**stamp, name: mark})

    def _write_stamp(self, **content: str) -> None:
        found = self.folder.glob("[Ll]ib/**/site-packages/*.dist-info")
        content = {**content, "packages": " ".join(sorted(path.name for path in found))}
        content["folder"] = str(self.folder)
        content["python"] = self.version() or ""
        unfinished = self.folder / (STAMP + ".part")
        unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(unfinished, self.folder / STAMP)

    def _beside(self, ending: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{ending}")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock file, so that two set-ups run one after the other.

        The system gives the lock back when its holder ends, however it ends.
        """
        with open(self._beside("lock"), "a+b") as file:
            if not try_lock(file.fileno()):
                say("Another set-up is at work in this folder; waiting for it.")
                while not try_lock(file.fileno()):
                    threading.Event().wait(0.2)
            yield

    def _step(self, what: str, command: Sequence[str | Path]) -> None:
        """Run one command quietly; raise SetupError in one line if it fails."""
        guarded = [sys.executable, "-I", "-c", GUARD, *map(str, command)]
        with (
            ticking(what),
            subprocess.Popen(
                guarded,
                env={**self.variables(), **QUIET},
                stdin=subprocess.PIPE,  # open as long as we are here
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as running,
        ):
            assert running.stdout
            said = running.stdout.read()
            code = running.wait()
        log = self._beside("log")
        if code == 0:
            return
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"--- {what}\n{said}\n")
        raise explained(what, said, self.maker, log.name)


def explained(what: str, output: str, maker: str, log: str) -> SetupError:
    """Return the error, in one line for the person, that a command's output means."""
    if re.search(FULL_DISK, output, re.IGNORECASE):
        return full_disk()
    if re.search(NO_VENV, output, re.IGNORECASE):
        version = "{}.{}".format(*sys.version_info)
        return SetupError(
            f"{maker} lacks Python's venv module. On Debian or Ubuntu: sudo apt "
            f"install python{version}-venv. Then call this again."
        )
    if re.search(NO_NETWORK, output, re.IGNORECASE):
        return NoNetworkError(
            "The packages could not be downloaded: no network, or a proxy in the way. "
            f"Once you are online, call this again. (Details: {log})"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)(error|fatal|×)", line)]
    last = (errors or lines or ["it said nothing"])[-1]
    return SetupError(f"Set-up failed while {what}: {last[:200]} (Details: {log})")


def full_disk() -> FullDiskError:
    """Return the error for a full disk."""
    return FullDiskError(
        f"The disk is full: the set-up needs about 1 GB free for {ROOT} and for the "
        "folder of temporary files. Free some space, then call this again."
    )


@contextlib.contextmanager
def one_line_errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a SetupError of one line."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise full_disk() from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise SetupError(
                f"No permission to write {error.filename or folder}. "
                "Use a copy of the course in a folder of your own."
            ) from error
        raise SetupError(f"Set-up failed: {error}.") from error


def fingerprint(wanted: str) -> str:
    """What the packages of `wanted` depend on, as one string."""
    if wanted not in LOCKS:
        return ""
    settings = sorted(p for p in (ROOT / JUPYTER).rglob("*") if p.is_file())
    named = [ROOT / n for n in (LOCKS[wanted], INSTALLER_LOCK, "pyproject.toml")]
    digest = hashlib.sha256()
    for path in (*named, *settings):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def extra_of(name: str) -> list[str]:
    """The requirements of an extra, as pyproject.toml states them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[str] = project["project"]["optional-dependencies"][name]
    return found


def try_lock(descriptor: int) -> bool:
    """Lock an open file for this process; False if another holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network drives know no locks: go on without one.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def remove(folder: Path) -> None:
    """Remove a folder, or the link in its place."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def say(text: str) -> None:
    """Tell the person what happens."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def ticking(what: str) -> Iterator[None]:
    """Show that a step is at work: seconds count up in a terminal."""
    if not sys.stderr.isatty():
        say(f"  {what}")
        yield
        return
    done = threading.Event()

    def tick() -> None:
        seconds = 0
        while not done.wait(1 if seconds else 0):
            sys.stderr.write(f"\r  {what} … {seconds} s")
            sys.stderr.flush()
            seconds += 1

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        sys.stderr.write("\n")
