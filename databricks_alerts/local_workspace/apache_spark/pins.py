"""The versions that work together, and what the files must hash to."""

from __future__ import annotations

from dataclasses import dataclass

SPARK = "4.1.0"  # as in requirements.txt beside this file
JAVA = 17  # the oldest that this Spark runs on


@dataclass(frozen=True)
class Jar:
    """A jar in a repository of Maven's layout."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name there and here."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where it is below a repository's URL."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"


JARS = (
    Jar(
        "io.delta",
        "delta-spark_4.1_2.13",
        "4.1.0",
        "9b05d7a82196ee1f1073733a45a2faae59161e52b86ae918fe6742fad6eaf036",
    ),
    Jar(
        "io.delta",
        "delta-storage",
        "4.1.0",
        "6d0520ffcc35b582369f92c23fa24e14a5bb935cf6e31ed7f47c5046ae17cb25",
    ),
)
