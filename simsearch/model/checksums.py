"""Whether the files of a model folder are the ones that its manifest lists."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from simsearch.model.folder import MANIFEST, ModelDamaged


def model_id(answers: dict[str, Any]) -> str:
    """Return the id of a model: the hash of what determines its answers."""
    return hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]


def check(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare the manifest with its id, every file with its size and checksum.

    Raises `ModelDamaged`, naming the file.
    """
    answers = {name: value for name, value in manifest.items() if name not in ("id", "training")}
    if model_id(answers) != manifest["id"]:
        raise ModelDamaged(path=str(folder / MANIFEST), reason="its figures are not those of its id")
    for name, expected in manifest["files"].items():
        path = folder / name
        try:
            if path.stat().st_size != expected.get("size"):
                raise ModelDamaged(path=str(path), reason="its size is not the one in the manifest")
            with open(path, "rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelDamaged(path=str(path), reason=error.strerror or str(error)) from error
        if digest != expected.get("sha256"):
            raise ModelDamaged(path=str(path), reason="its checksum is not the one in the manifest")
