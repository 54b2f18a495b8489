"""The commands course progress share and course class: files, page, refusals."""

from __future__ import annotations

import errno
import os
import re
import stat
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from course_lib.app import class_command, class_folder
from course_lib.app.class_command import class_
from course_lib.app.class_folder import file_name, read_class, share_into, share_key
from course_lib.app.class_page import page
from course_lib.app.cli import main
from course_lib.app.progress_commands import progress
from course_lib.bounds import BOUNDS
from course_lib.exercises import journal
from course_lib.exercises.class_view import class_view
from tests.app.invoke import run
from tests.exercises.a_class import NOW, exercises, shared, standing, thirty

pytestmark = pytest.mark.usefixtures("home")
UNIX = pytest.mark.skipif(os.name == "nt", reason="files of Unix")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "class"
    made.mkdir()
    return made


@pytest.fixture
def full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a class of thirty, read a minute after they wrote."""
    for one in thirty():
        put(folder, one)
    return at(folder, monkeypatch)


def at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return NOW + timedelta(minutes=1)

    monkeypatch.setattr(class_command, "datetime", Clock)
    return folder


def put(folder: Path, one: object, name: str = "") -> Path:
    file = folder / (name or file_name(one.nickname))  # type: ignore[attr-defined]
    file.write_bytes(one.data())  # type: ignore[attr-defined]
    return file


def solve() -> None:
    assert journal.save_answer("loss.mse", "correct", "SECRET", "x") is None
    mistake = "sum instead of mean"
    assert not journal.save_answer("loss.softmax", "incorrect", "SECRET", "x", mistake)


# Sharing


def test_what_is_shared_is_what_the_class_shows(folder: Path) -> None:
    solve()
    code, out, err = run(progress, "share", folder, "--name", "Ada L.")
    (file,) = folder.iterdir()
    assert (code, err, file.name) == (0, "", "progress_ada_l..json")
    assert (
        out == f"{file}: your nickname, and how you stand with 2 exercises. No code.\n"
    )
    assert "SECRET" not in file.read_text()
    code, out, err = run(class_, folder)
    assert (code, err) == (0, "")
    assert re.search(r"mse +1", out)
    assert "1 of 1 learner is stuck on “Softmax that survives large scores”" in out


def test_sharing_again_replaces_the_own_file_alone(folder: Path) -> None:
    others = [put(folder, one) for one in thirty()[:3]]
    before = [file.read_bytes() for file in others]
    for name in ("Me", "Me", "ME too"):  # the nickname may change
        solve()
        assert run(progress, "share", folder, "--name", name)[0] == 0
        assert len(list(folder.iterdir())) == 4
    assert (folder / "progress_me_too.json").exists()
    assert [file.read_bytes() for file in others] == before


def test_a_nickname_that_is_taken_is_refused(folder: Path) -> None:
    solve()
    taken = put(folder, shared("Ada"))
    before = taken.read_bytes()
    for content in (before, b"my own notes", b"x" * 200_000):
        taken.write_bytes(content)
        code, out, err = run(progress, "share", folder, "--name", "ADA")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "choose another nickname" in err
        assert taken.read_bytes() == content
    assert list(folder.iterdir()) == [taken]


@UNIX
def test_sharing_follows_no_link_and_waits_for_no_pipe(folder: Path) -> None:
    (folder / "target").write_text("mine")
    (folder / "progress_ada.json").symlink_to(folder / "target")
    os.mkfifo(folder / "progress_bo.json")
    for name in ("Ada", "Bo"):
        assert run(progress, "share", folder, "--name", name)[0] == 2
    assert run(progress, "share", folder, "--name", "Cy")[0] == 0
    assert (folder / "target").read_text() == "mine"


@pytest.mark.parametrize(
    ("place", "name", "said"),
    [
        ("class", "<b>", "a nickname holds letters"),
        ("class", "x" * 41, "1 to 40 characters"),
        ("class", "a\x1bb", r"a\x1bb"),
        ("missing", "ada", "No such file or directory"),
    ],
)
def test_a_bad_nickname_or_folder_is_refused_in_one_line(
    place: str, name: str, said: str, tmp_path: Path, folder: Path
) -> None:
    code, out, err = run(progress, "share", tmp_path / place, "--name", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not list(folder.iterdir())
    assert not (tmp_path / "missing").exists()


@UNIX
def test_the_instructor_can_read_the_file_and_nobody_else_the_key(
    folder: Path,
) -> None:
    before = os.umask(0o022)
    try:
        run(progress, "share", folder, "--name", "Ada")
    finally:
        os.umask(before)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    key = journal.data_folder() / "share_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert share_key() == share_key() == key.read_text()
    key.write_text("damaged")
    assert len(share_key()) == 32


@pytest.mark.parametrize(("error", "code"), [(errno.ENOSPC, 1), (errno.EACCES, 2)])
def test_a_disk_that_fails_is_told_from_a_request(
    error: int, code: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_key()

    def broken(descriptor: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "fsync", broken)
    done, out, err = run(progress, "share", folder, "--name", "Ada")
    assert (done, out, err.count("\n")) == (code, "", 1)
    assert not list(folder.iterdir())


# Reading


def test_a_class_of_thirty(full: Path) -> None:
    code, out, err = run(class_, full)
    assert (code, err) == (0, "")
    assert out.startswith("Where the class stands on 2026-11-30: 30 learners\n")
    assert "To say:" in out
    view = class_view(thirty(), exercises(), NOW.date())
    assert out == f"{view}\n"


def bad_files(folder: Path) -> dict[str, str]:
    """Put files into the folder that are left out; return what is said of each."""
    ada = shared("Ada", 1, loss__mse=standing("correct"))
    (folder / "binary.json").write_bytes(bytes(range(256)))
    (folder / "empty.json").write_bytes(b"")
    (folder / "cut.json").write_bytes(ada.data()[:-40])
    put(folder, ada, "copy.json")
    put(folder, ada, "copy of a copy.json")
    put(folder, shared("Bo", 2), "bo1.json")
    put(folder, shared("BO", 3), "bo2.json")
    with open(folder / "huge.json", "wb") as file:
        file.truncate(10**12 if os.name != "nt" else 10**6)
    solve()
    (folder / "whole.jsonl").write_bytes(journal.export_bytes())
    (folder / "subfolder").mkdir()
    (folder / ".hidden").write_text("x")
    (folder / "class.html").write_text("x")
    said = {
        "binary.json": "not progress",
        "empty.json": "not progress",
        "cut.json": "not progress",
        "copy of a copy.json": "is newer, by the same learner|copy.json is newer",
        "bo1.json": "two learners",
        "bo2.json": "two learners",
        "huge.json": "larger than 100,000 bytes",
        "whole.jsonl": "a journal with answers",
        "subfolder": "no regular file",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.json")
        (folder / "link.json").symlink_to(folder / "copy.json")
        (folder / "zero.json").symlink_to("/dev/zero")
        (folder / "loop.json").symlink_to(folder / "loop.json")
        links = dict.fromkeys(("link.json", "zero.json", "loop.json"), "symbolic link")
        said |= {"pipe.json": "no regular file", **links}
        (folder / "bad\x1b[2J.json").write_text("x")
        said[r"bad\x1b[2J.json"] = "not progress"
    return said


def test_every_bad_file_is_named_in_one_line_and_the_others_count(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = bad_files(at(folder, monkeypatch))
    code, out, err = run(class_, folder)
    assert code == 0
    assert "1 learner" in out
    lines = err.splitlines()
    assert len(lines) == len(said)
    assert "\x1b" not in out + err
    for name, reason in said.items():
        (line,) = [one for one in lines if one.startswith(f"course: {name}: left out")]
        assert re.search(reason, line), line


def test_of_one_learners_files_the_newest_counts(folder: Path) -> None:
    old, new = shared("Ada", 1), shared("Ada", 1, loss__mse=standing("correct"))
    object.__setattr__(old, "written", "2026-11-29T12:00:00Z")
    put(folder, new, "a.json")
    put(folder, old, "b.json")
    files = read_class(folder, exercises(), NOW)
    assert files.shared == [new]
    assert files.left_out == ["b.json: left out, a.json is newer, by the same learner."]


def test_thousands_of_files_are_bounded_at_both_sides(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BOUNDS["class"][0] == class_folder.MAX_LEARNERS
    assert BOUNDS["class folder"][0] == class_folder.MAX_FILES
    for one in thirty():
        put(folder, one)
    monkeypatch.setattr(class_folder, "MAX_LEARNERS", 30)
    assert read_class(folder, exercises(), NOW).left_out == []
    monkeypatch.setattr(class_folder, "MAX_LEARNERS", 5)
    files = read_class(folder, exercises(), NOW)
    assert len(files.shared) == 5
    assert len(files.left_out) == class_folder.MAX_TOLD + 1
    assert files.left_out[-1] == "5 more files left out."
    monkeypatch.setattr(class_folder, "MAX_FILES", 30)
    assert len(read_class(folder, exercises(), NOW).shared) == 5
    monkeypatch.setattr(class_folder, "MAX_FILES", 29)
    with pytest.raises(ValueError, match="holds more than 29 files"):
        read_class(folder, exercises(), NOW)


def test_a_file_may_be_as_large_as_the_bound_and_no_larger(folder: Path) -> None:
    file = put(folder, shared("Ada"))
    most = int(BOUNDS["shared progress"][0])
    for size, count in ((most, 1), (most + 1, 0)):
        file.write_bytes(shared("Ada").data().ljust(size))
        assert len(read_class(folder, exercises(), NOW).shared) == count


def test_a_bad_folder_is_refused_in_one_line(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place, said in (
        (tmp_path / "missing", "No such file or directory"),
        (tmp_path / "file", "Not a directory"),
        (folder, "holds nothing that a learner shared"),
    ):
        code, out, err = run(class_, place)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    assert main(["class"]) == 2
    assert main(["class", ""]) == 2


def test_a_roster_says_who_is_missing(full: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.txt"
    roster.write_text("\ufeffada\n\nNobody\nnobody\n", encoding="utf-8")
    assert (
        "Not heard from: Nobody (no file)." in run(class_, full, "--roster", roster)[1]
    )
    for text in ("", "<b>\n", "\n".join(f"n{i}" for i in range(1001)), "\xff"):
        roster.write_bytes(text.encode("latin-1"))
        code, out, err = run(class_, full, "--roster", roster)
        assert (code, out, err.count("\n")) == (2, "", 1)
    roster.write_text("\n".join(f"n{i}" for i in range(1000)))
    assert run(class_, full, "--roster", roster)[0] == 0


# The page


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def whole_page() -> str:
    return page(class_view(thirty(), exercises(), NOW.date()))


def test_the_page_is_complete_in_itself() -> None:
    text = whole_page()
    for tag, attributes in Page(text).tags:
        assert tag not in {"script", "img", "iframe", "link", "object", "form", "base"}
        assert not {"src", "href", "srcset", "action"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"https?:|url\(|@import|//", text)
    assert "default-src 'none'" in text


def test_the_tables_can_be_read_without_colour_and_without_eyes() -> None:
    found = Page(whole_page())
    names = [name for name, _ in found.tags]
    assert names.count("caption") == names.count("table") == 3
    assert all(
        attributes.get("scope") for name, attributes in found.tags if name == "th"
    )
    rows = class_view(thirty(), exercises(), NOW.date()).chapters().values()
    cells = sum(len(row.cells) for chapter in rows for row in chapter)
    words = re.findall(r'class="read">(solved|wrong|error|open)\b', whole_page())
    assert len(words) == cells
    assert ("html", "en") in [(name, a.get("lang")) for name, a in found.tags]


def test_the_page_says_what_the_view_says() -> None:
    view = class_view(thirty(), exercises(), NOW.date())
    text = Page(whole_page()).text
    for said in (*view.sentences, *view.learners):
        assert said in text


def test_whatever_comes_from_outside_is_escaped() -> None:
    evil = "<script>alert(1)</script>\"'&"
    one = shared("Ada", loss__mse=standing("incorrect", evil))
    object.__setattr__(one, "nickname", evil)  # past the door
    text = page(class_view([one], exercises(), NOW.date()), [evil])
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4


def test_the_page_replaces_a_page_and_nothing_else(full: Path, tmp_path: Path) -> None:
    file = tmp_path / "class.html"
    for _ in range(2):
        code, out, _ = run(class_, full, "--html", file)
        assert (code, out.splitlines()[-1]) == (0, f"Written to {file}.")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    file.write_text("<!doctype html><p>my own")
    code, _, err = run(class_, full, "--html", file)
    assert (code, err.count("\n")) == (2, 1)
    assert file.read_text() == "<!doctype html><p>my own"
    for place in (full, tmp_path / "no" / "page.html"):
        code, _, err = run(class_, full, "--html", place)
        assert (code, err.count("\n")) == (2, 1)


def test_the_own_file_is_known_among_others(folder: Path) -> None:
    mine = shared("Ada", 5)
    assert share_into(folder, mine) == folder / "progress_ada.json"
    assert share_into(folder, shared("Ada", 5, loss__mse=standing("correct")))
    assert len(list(folder.iterdir())) == 1
