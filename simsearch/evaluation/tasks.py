"""The tasks of a folder: what `tasks.tsv` lists, and the lines of its sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from simsearch.errors import SimsearchError

#: The file that lists the tasks of a folder, one a line: kind TAB name TAB file, or two files.
LIST = "tasks.tsv"
#: The kinds of tasks, and how many files each may take.
FILES = {
    "words": (1,),
    "analogy": (1,),
    "pairs": (1,),
    "retrieval": (2,),
    "themes": (2,),
    "keywords": (1,),
    "classify": (1, 2),
}

Row = TypeVar("Row")
#: Is told how much is done, and of how much.
Progress = Callable[[float, float], None]


class TasksNotFound(SimsearchError):
    """The file {path} cannot be read ({reason}): list the sets of the folder in it, a kind, a name and files a line."""

    path: str
    reason: str


class TaskUnclear(SimsearchError):
    """Line {line} of {path} is no task: write a kind, a name and one or two file names, with tabs between them."""

    path: str
    line: int


class KindUnknown(SimsearchError):
    """The task {task} in {path} is of an unknown kind {kind}: use words, analogy, pairs, retrieval, themes, keywords or classify."""  # noqa: E501

    task: str
    path: str
    kind: str


class TaskNotFound(SimsearchError):
    """The list {path} holds no task {task}: choose from {names}."""

    path: str
    task: str
    names: str


class SetUnreadable(SimsearchError):
    """The file {path} cannot be read ({reason}): check its name, its permissions and that it is UTF-8."""

    path: str
    reason: str


class SetEmpty(SimsearchError):
    """The file {path} holds nothing to measure by: each line is to be {form}."""

    path: str
    form: str


class Task(NamedTuple):
    """A kind of question with right answers, and the files that hold them."""

    kind: str
    name: str
    files: tuple[Path, ...]


class Form(NamedTuple, Generic[Row]):
    """What a line of a set looks like: in words, and as a function that raises `ValueError` for any other.

    It returns None for a line that is there for readers, such as a heading.
    """

    text: str
    parse: Callable[[str], Row | None]


class Rows(NamedTuple, Generic[Row]):
    """The usable lines of a set, and what is to be said about the others."""

    rows: list[Row]
    remarks: list[str]


def read_tasks(folder: Path, only: Sequence[str] = ()) -> list[Task]:
    """Return the tasks that a folder lists, or those named `only`, in the order of the list.

    Raises `TasksNotFound`, `TaskUnclear`, `KindUnknown`, `TaskNotFound`, `SetUnreadable`.
    """
    path = folder / LIST
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TasksNotFound(path=str(path), reason=_reason(error)) from error
    tasks = [_task(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    names = [task.name for task in tasks]
    for name in only:
        if name not in names:
            raise TaskNotFound(path=str(path), task=name, names=", ".join(names))
    tasks = [task for task in tasks if not only or task.name in only]
    for file in (file for task in tasks for file in task.files):
        if not file.is_file():
            raise SetUnreadable(path=str(file), reason="there is no such file")
    return tasks


def read_rows(path: Path, form: Form[Row]) -> Rows[Row]:
    """Return the lines of a set that are of a form; those that are not are counted in a remark.

    Raises `SetUnreadable`, `SetEmpty`.
    """
    try:
        with open(path, encoding="utf-8-sig") as stream:
            lines = [line.rstrip("\r\n") for line in stream if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise SetUnreadable(path=str(path), reason=_reason(error)) from error
    rows = []
    malformed = 0
    for line in lines:
        try:
            row = form.parse(line)
        except (ValueError, RecursionError):  # the latter of JSON nested too deep
            malformed += 1
        else:
            if row is not None:
                rows.append(row)
    if not rows:
        raise SetEmpty(path=str(path), form=form.text)
    return Rows(rows, [f"{malformed:,} lines of {path} are not {form.text}: left out."] if malformed else [])


def cells(line: str, least: int, most: int | None = None, spaces: bool = False) -> list[str]:
    """Return the cells of a line, between tabs; of single words also between spaces, where there is no tab.

    Raises `ValueError` where there are fewer or more than allowed.
    """
    row = line.split() if spaces and "\t" not in line else line.split("\t")
    if not least <= len(row) <= (most or len(row)):
        raise ValueError(line)
    return row


def number(text: str) -> float:
    """Return a finite number.

    Raises `ValueError`.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _task(path: Path, line: int, text: str) -> Task:
    row = [cell.strip() for cell in text.split("\t")]
    if len(row) < 3 or not all(row):
        raise TaskUnclear(path=str(path), line=line)
    kind, name, *files = row
    if kind not in FILES:
        raise KindUnknown(task=name, path=str(path), kind=kind)
    if len(files) not in FILES[kind]:
        raise TaskUnclear(path=str(path), line=line)
    return Task(kind, name, tuple(path.parent / file for file in files))


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else f"byte {error.start} is not UTF-8"
