"""A home: the files of one version of Elasticsearch, and how Java runs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .java import Java


@dataclass(frozen=True)
class Home:
    """An assembled version with the runtime that it was made for; nodes only read it."""

    folder: Path
    version: str
    java: Java

    @property
    def archive(self) -> Path:
        """Return the path of the archive of loaded classes, with which a start takes half the time."""
        return self.folder / "node.aot"

    @property
    def classpath(self) -> str:
        """Return all jars, always in the same order: the archive is bound to it."""
        return ":".join(map(str, sorted((self.folder / "lib").glob("*.jar"))))

    def command(
        self, settings: Iterable[str], scratch: Path, heap: str, *, full_jit: bool = False, options: Iterable[str] = ()
    ) -> list[str]:
        """Return the command that runs a node.

        Tests start often and compute little: they get the quick compiler and the archive. `full_jit` is for
        measuring: both compilers, and the vector instructions where the runtime has them.
        """
        if full_jit:
            vectors = self.java.has("jdk.incubator.vector")
            compiling = ["--enable-native-access=ALL-UNNAMED", *["--add-modules=jdk.incubator.vector"] * vectors]
        else:
            compiling = ["-XX:TieredStopAtLevel=1", *[f"-XX:AOTCache={self.archive}"] * self.archive.exists()]
        return [
            self.java.program,
            f"-Xms{heap}",
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            f"-Djava.io.tmpdir={scratch}",
            f"-Des.path.home={self.folder}",
            # Elastic's own vector library is not among the artifacts.
            "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
            *compiling,
            *options,
            "-cp",
            self.classpath,
            "Server",
            str(self.folder),
            *settings,
        ]
