"""`python -m soak --minutes 20`, in the folder of the tests: prints a line of JSON; 1 where anything is wrong."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from servers.build import assemble
from servers.find import version
from servers.node import Node
from servers.redis import Redis

from soak.run import soak, wrong

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="soak", description="Kill everything for some minutes, and look for losses.")
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed: {seed} (repeat with SEED={seed})", file=sys.stderr)
    for name in [name for name in os.environ if name.startswith("SIMSEARCH_")]:
        if not name.startswith("SIMSEARCH_TEST_"):
            del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"folder: {folder} (kept where anything is wrong)", file=sys.stderr)
    os.environ["SIMSEARCH_MODELS"] = str(folder / "models")
    with Redis(folder / "redis") as redis, Node(assemble(version()), folder / "node") as node:
        figures = soak(given.minutes, seed, folder, redis, node)
    print(json.dumps(figures, ensure_ascii=False))
    if found := wrong(figures):
        sys.exit("\n".join(found))
    shutil.rmtree(folder)
