"""One file of a bundle, unpacked bit by bit: what its header says of it is never believed."""

from __future__ import annotations

import codecs
import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from reports.bundle import limits, safe_json, zips
from reports.bundle.contents import BY_NAME
from reports.bundle.error import EntryError, quoted

_CHUNK = 64 * 1024
#: exclusively and never through a link: what is there already isn't touched
_NEW = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)


def chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The file's bytes in chunks. Raises EntryError where it is damaged or larger than allowed."""
    entry = archive.getinfo(name)
    most = min(limits.FILE_BYTES, max(limits.RATIO_FROM, limits.RATIO * entry.compress_size))
    size = 0
    try:
        with archive.open(entry) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise EntryError(f"is larger than it may be: {most:,} bytes")
                yield chunk
    except EntryError:
        raise
    except (*zips.DAMAGE, zlib.error) as error:
        raise EntryError(f"is damaged ({quoted(error)}); copy the bundle again") from error


def parsed(archive: zipfile.ZipFile, name: str) -> object:
    """A JSON file that is needed before the others. Raises EntryError."""
    data = bytearray()
    for chunk in chunks(archive, name):
        data += chunk
        if len(data) > limits.JSON_BYTES:
            break  # `parse` says so
    return safe_json.parse(bytes(data))


def unpack(archive: zipfile.ZipFile, name: str, target: Path) -> tuple[int, str]:
    """Write the file to the target, which must not exist; gives its size and SHA-256.

    Raises EntryError on what isn't text where text belongs, and on tables beyond the limits.
    """
    digest, size, check = hashlib.sha256(), 0, _Text(BY_NAME[name].kind)
    with os.fdopen(os.open(target, _NEW, 0o600), "wb") as file:
        for chunk in chunks(archive, name):
            digest.update(chunk)
            size += len(chunk)
            check.feed(chunk)
            file.write(chunk)
    check.feed(b"", last=True)
    return size, digest.hexdigest()


class _Text:
    """Whether a file is UTF-8 without NUL, and a table within its limits; fed in chunks."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.lines = self.commas = 0

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Look at the next bytes. Raises EntryError."""
        if self.kind == "pdf":
            return
        if b"\0" in chunk:
            raise EntryError("is no text: it holds a NUL character")
        try:
            self.decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            raise EntryError("is not UTF-8") from error
        if self.kind == "csv":
            self._count(chunk)

    def _count(self, chunk: bytes) -> None:
        # a row needs a line end and a cell a comma: there can't be more of them, whatever is quoted
        self.lines += chunk.count(b"\n") + chunk.count(b"\r")
        self.commas += chunk.count(b",")
        if self.lines > limits.ROWS:
            raise EntryError(f"has more than {limits.ROWS:,} rows")
        if self.lines + self.commas > limits.CELLS:
            raise EntryError(f"has more than {limits.CELLS:,} cells")
