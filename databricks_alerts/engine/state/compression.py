"""State files compressed as the CLI does it on request: `.json`, `.json.gz`, `.json.zst`."""

from __future__ import annotations

import gzip
import importlib
import zlib
from collections.abc import Mapping
from typing import Any, Literal

from databricks_alerts.engine.errors import ProjectError, StateError, UnsupportedError

Compression = Literal["", ".gz", ".zst"]
SUFFIXES: tuple[Compression, ...] = ("", ".gz", ".zst")
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_TRUE = ("1", "true", "t")


def wanted(environment: Mapping[str, str]) -> Compression:
    """What PULUMI_DIY_BACKEND_GZIP and _ZSTD ask for. Raises ProjectError for both."""
    gzipped, zstandard = (
        environment.get(f"PULUMI_DIY_BACKEND_{name}", "").lower() in _TRUE
        for name in ("GZIP", "ZSTD")
    )
    if gzipped and zstandard:
        raise ProjectError(
            "PULUMI_DIY_BACKEND_GZIP and PULUMI_DIY_BACKEND_ZSTD are both set: unset one"
        )
    return ".zst" if zstandard else ".gz" if gzipped else ""


def compress(data: bytes, compression: Compression) -> bytes:
    """The data, compressed."""
    if compression == ".gz":
        return gzip.compress(data, mtime=0)
    if compression == ".zst":
        compressed: bytes = _zstandard().ZstdCompressor().compress(data)
        return compressed
    return data


def decompress(data: bytes, source: str) -> bytes:
    """The data as it was, recognised by its first bytes. Raises StateError."""
    if data.startswith(_GZIP_MAGIC):
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise StateError(f"{source} is damaged: {error}") from error
    if data.startswith(_ZSTD_MAGIC):
        library = _zstandard()
        try:
            plain: bytes = library.ZstdDecompressor().decompressobj().decompress(data)
        except library.ZstdError as error:
            raise StateError(f"{source} is damaged: {error}") from error
        return plain
    return data


def _zstandard() -> Any:
    try:
        return importlib.import_module("zstandard")
    except ImportError as error:
        raise UnsupportedError(
            "states compressed by zstd need the package zstandard: pip install zstandard"
        ) from error
