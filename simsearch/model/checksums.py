"""Whether the files of a model folder are the ones that its manifest lists."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from simsearch.model.folder import ModelDamaged


def check(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with its size and checksum; raises `ModelDamaged`, naming the file."""
    for name, expected in manifest["files"].items():
        path = folder / name
        try:
            if path.stat().st_size != expected["size"]:
                raise ModelDamaged(path=str(path), reason="its size is not the one in the manifest")
            with open(path, "rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelDamaged(path=str(path), reason=error.strerror or str(error)) from error
        if digest != expected["sha256"]:
            raise ModelDamaged(path=str(path), reason="its checksum is not the one in the manifest")
