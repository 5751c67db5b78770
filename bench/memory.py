"""Peak memory and seconds of commands that are given very much, or one very long text; prints a table.

python bench/memory.py [folder] [giant] [training] [many] [--quick] [--seed N]

- folder: a hundred thousand small files, twice
- giant: a gigabyte in one line, plain and packed
- training: on a gigabyte in one line, with --memory 500M
- many: a million short documents in one file, interrupted by Ctrl-C and gone on with; a part of them on one processor

Memory is that of the process and all its children at the same moment, looked at every 50 ms: the sum of their PSS
(/proc/PID/smaps_rollup), in which a shared page counts once. `own` leaves out pages of files, which the system takes
back when it needs them. `--quick` takes a tenth of everything. TMPDIR needs some 8 GB. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import lzma
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simsearch.model import Model
from simsearch.processes import processors

FILES, GIANT, MANY, SOME = 100_000, 1_000_000_000, 1_000_000, 200_000
#: How one line is written in each form: opened, begun, ended.
GIANTS: dict[str, tuple[Callable[..., Any], bytes, bytes]] = {
    "txt": (open, b"", b""),
    "jsonl": (open, b'{"text": "', b'"}\n'),
    "csv": (open, b'text\n"', b'"\n'),
    "txt.gz": (gzip.open, b"", b""),
    "txt.xz": (lzma.open, b"", b""),
    "jsonl.xz": (lzma.open, b'{"text": "', b'"}\n'),
}
#: Pieces of a hundred kilobytes that a long line repeats.
PIECES = 100
#: Words of a short document: some 30 characters.
SHORT = 18
#: Bytes of an index that a short document takes, about.
STORED = 900
#: Bytes at most, in each case.
GOAL = 600_000_000
#: Seconds between two looks.
PAUSE = 0.05


class Run(NamedTuple):
    """What a command took, in seconds and bytes, and what it said."""

    code: int
    seconds: float
    peak: int
    own: int
    row: dict[str, Any]
    said: str


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("cases", nargs="*", metavar="case", help="folder, giant, training, many; default: all")
    told.add_argument("--quick", action="store_true", help="a tenth of everything")
    told.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the texts and of Ctrl-C")
    given = told.parse_args()
    cases = {"folder": measure_folder, "giant": measure_giant, "training": measure_training, "many": measure_many}
    if unknown := set(given.cases) - set(cases):
        told.error(f"there is no case {' '.join(unknown)}")
    print(f"{processors()} processors, seed {given.seed}, goal {GOAL / 1e6:.0f} MB")
    print(f"{'':44s} {'peak MB':>8s} {'own':>6s} {'seconds':>8s} {'code':>5s}")
    for name in given.cases or cases:
        with tempfile.TemporaryDirectory() as scratch:
            cases[name](Path(scratch), 10 if given.quick else 1, given.seed)


def measure_folder(folder: Path, part: int, seed: int) -> None:
    """Index a folder of small files, and once more unchanged."""
    texts = folder / "texts"
    for number, text in enumerate(islice(shorts(seed), FILES // part)):
        place = texts / f"{number // 1_000}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(text, "utf-8")
    show(f"index {FILES // part:,} files", run(folder, "index", texts))
    show("... once more", run(folder, "index", texts))


def measure_giant(folder: Path, part: int, seed: int) -> None:
    """Index one line in each form."""
    for ending in GIANTS:
        path = write_giant(folder, ending, GIANT // part, seed)
        show(f"index {GIANT // part / 1e6:,.0f} MB in one line, .{ending}", run(folder, "index", path))
        path.unlink()


def measure_training(folder: Path, part: int, seed: int) -> None:
    """Train on one line; some forms are read in pieces."""
    for ending in ("jsonl", "txt"):
        path = write_giant(folder, ending, GIANT // part, seed)
        done = run(folder, "train", path, "--to", folder / "model", "--memory", "500M")
        show(f"train {GIANT // part / 1e6:,.0f} MB in one line, .{ending}", done)
        path.unlink()


def measure_many(folder: Path, part: int, seed: int) -> None:
    """Index short documents, interrupted at a random moment; then some of them on one processor."""
    documents = MANY // part
    path = folder / "many.jsonl.xz"
    write_documents(path, seed, documents)
    moment = random.Random(seed).uniform(0.1, 0.8) * documents * STORED
    broken = run(folder, "index", path, interrupt=moment)
    show(f"index {documents:,}, Ctrl-C at {moment / 1e6:.0f} MB", broken)
    before = count(folder)
    whole = run(folder, "index", path)
    show("... once more, to the end", whole)
    row, after = whole.row, count(folder)
    print(f"  stored {before:,}, then {row['stored']:,} more; {row['unchanged']:,} unchanged; total {after:,}")
    assert after == documents == row["stored"] + row["unchanged"], "documents were lost"
    assert row["unchanged"] == before, "what was stored was stored again"
    show("... once more, nothing has changed", run(folder, "index", path))
    some = SOME // part
    write_documents(path, seed, some)
    for number in (1, processors()):
        for old in folder.glob("index.db*"):
            old.unlink()
        show(f"index {some:,} documents, on {number}", run(folder, "index", path, on=number))


def run(folder: Path, *command: str | Path, interrupt: float | None = None, on: int | None = None) -> Run:
    """Run a command in a folder of its own, on so many processors; Ctrl-C comes once the index has so many bytes."""
    index = folder / "index.db"
    environment = os.environ | {"XDG_DATA_HOME": str(folder), "SIMSEARCH_INDEX": f"sqlite:///{index}"}
    chosen = sorted(os.sched_getaffinity(0))[:on]

    def prepare() -> None:
        os.sched_setaffinity(0, chosen)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # in the background of a shell it is ignored

    start = time.perf_counter()
    most = np.zeros(2, np.int64)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with subprocess.Popen(
            [sys.executable, "-m", "simsearch", *map(str, command), "--json"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=prepare,
        ) as process:
            try:
                while process.poll() is None:
                    if interrupt and index.exists() and index.stat().st_size > interrupt:
                        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to parent and children
                        interrupt = None
                    most = np.maximum(most, np.sum([memory(one) for one in tree(process.pid)], axis=0))
                    time.sleep(PAUSE)
            finally:
                process.kill()
        seconds = time.perf_counter() - start
        printed, said = (stream.seek(0) or stream.read().decode().strip() for stream in (out, err))
    row = json.loads(printed) if printed else {}
    return Run(process.returncode, seconds, *most.tolist(), row, said.rpartition("\n")[2])


def tree(process: int) -> Iterator[int]:
    """Yield a process and all that it has started."""
    yield process
    with contextlib.suppress(OSError):  # it has ended
        for task in os.listdir(f"/proc/{process}/task"):
            for child in Path(f"/proc/{process}/task/{task}/children").read_text().split():
                yield from tree(int(child))


def memory(process: int) -> tuple[int, int]:
    """Return the PSS of a process, and what of it is no page of a file; in bytes."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended
        return 0, 0
    sizes = {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}
    return sizes["Pss"], sizes["Pss"] - sizes["Pss_File"]


def show(name: str, done: Run) -> None:
    """Print a line of the table, and what became of it."""
    missed = " missed" if done.peak > GOAL else ""
    print(f"{name:44s} {done.peak / 1e6:8,.0f} {done.own / 1e6:6,.0f} {done.seconds:8.1f} {done.code:5d}{missed}")
    counts = [f"{value:,} {name}" for name, value in done.row.items() if name in ("stored", "unchanged", "failed")]
    print(f"  {', '.join(counts)}{'; ' if counts and done.said else ''}{done.said[:300]}", flush=True)


def count(folder: Path) -> int:
    """Return how many documents the index holds."""
    return int(run(folder, "status").row["documents"])


def words(seed: int) -> Iterator[list[str]]:
    """Yield words of the base model by the thousand, as often as they were in its texts; for ever."""
    model = Model.load()
    names, shares = model.words, np.cumsum(model.counts / model.counts.sum())
    chance = np.random.default_rng(seed)
    while True:
        yield [names[place] for place in np.searchsorted(shares[:-1], chance.random(1_000 * SHORT)).tolist()]


def shorts(seed: int) -> Iterator[str]:
    """Yield short texts, for ever."""
    for some in words(seed):
        yield from ("".join(some[first : first + SHORT]) for first in range(0, len(some), SHORT))


def write_giant(folder: Path, ending: str, size: int, seed: int) -> Path:
    """Write one line of so many bytes; what is packed is small on disk."""
    opener, begin, end = GIANTS[ending]
    number, length = (PIECES, None) if opener is open else (1, 2_000)  # what comes again soon is packed well
    pieces = [re.sub(r'["\\]', "", "".join(some))[:length].encode() for some in islice(words(seed), number)]
    path = folder / f"giant.{ending}"
    with opener(path, "wb") as stream:
        stream.write(begin)
        for piece in cycle(pieces):
            size -= stream.write(piece)
            if size <= 0:
                break
        stream.write(end)
    return path


def write_documents(path: Path, seed: int, count: int) -> None:
    """Write so many short documents as packed lines of JSON."""
    with lzma.open(path, "wt", preset=0, encoding="utf-8") as stream:
        for text in islice(shorts(seed), count):
            stream.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
