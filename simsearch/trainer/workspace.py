"""What a training keeps on disk, beside the model that it makes: from there it goes on after a kill."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simsearch.trainer.errors import SettingsDiffer, TrainingError, TrainingRunning, WorkspaceUnwritable

STATE, LOCK = "state.json", "lock"
#: What the system says of a disk that takes nothing.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG, errno.EIO)


class Workspace:
    """The folder `.NAME.training`, in which one process at a time trains the model NAME.

    A stage is noted when its files are complete. Files are not flushed to disk: they outlive a kill, and perhaps not a
    power cut.
    """

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.path = path
        self._state = state

    def file(self, name: str) -> Path:
        """Return the path of a file."""
        return self.path / name

    def noted(self, stage: str) -> Any:
        """Return what was noted when a stage was done, None while it is not."""
        return self._state["stages"].get(stage)

    def note(self, stage: str, what: Any) -> None:
        """Note that a stage is done."""
        self._state["stages"][stage] = what
        write(self.file(STATE), json.dumps(self._state, ensure_ascii=False).encode())


@contextmanager
def opened(folder: Path, settings: Mapping[str, Any], resume: bool) -> Iterator[Workspace]:
    """Make the workspace of a model folder, or with `resume` go on with the one that is there; removed at the end.

    What is interrupted or killed stays; so does what a full disk has ended. Raises `TrainingRunning`,
    `SettingsDiffer`, `WorkspaceUnwritable`.
    """
    path = place(folder)
    try:
        path.mkdir(exist_ok=True)
        with open(path / LOCK, "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainingRunning(path=str(folder)) from None
            if not os.fstat(lock.fileno()).st_nlink:  # who held it has just removed it
                raise TrainingRunning(path=str(folder))
            work = Workspace(path, _state(folder, path, settings, resume))
            try:
                yield work
            except TrainingError:  # the texts are to blame: there is nothing to go on from
                shutil.rmtree(path)
                raise
            shutil.rmtree(path)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise WorkspaceUnwritable(path=str(path), reason=error.strerror or str(error)) from error


def place(folder: Path) -> Path:
    """Return where the workspace of a model folder is."""
    target = folder.resolve()
    return target.parent / f".{target.name}.training"


def unfinished(folder: Path) -> bool:
    """Tell whether a training of this model was interrupted or killed, and can go on."""
    return (place(folder) / STATE).exists()


def write(path: Path, data: bytes) -> None:
    """Write a file whole, or leave the old one."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def _state(folder: Path, path: Path, settings: Mapping[str, Any], resume: bool) -> dict[str, Any]:
    """Return what is noted; a workspace that is not gone on with is emptied."""
    given = json.loads(json.dumps(settings))
    try:
        state: dict[str, Any] = json.loads((path / STATE).read_bytes())
    except (FileNotFoundError, ValueError):
        state = {}
    if resume and state:
        differing = [name for name, value in given.items() if state["settings"].get(name) != value]
        if differing:
            raise SettingsDiffer(path=str(folder), names=", ".join(differing))
        return state
    for old in path.iterdir():
        if old.name != LOCK:
            old.unlink()
    return {"settings": given, "stages": {}}
