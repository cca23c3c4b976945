"""The list of files in a stranger's zip, checked before anything is unpacked.

Python's own `zipfile` reads it; what is checked here is what that one reads as well as it can:
zips within other files, lists longer than the memory, links, files that overlap.
"""

from __future__ import annotations

import stat
import struct
import zipfile
from typing import IO

from reports.bundle import limits, names
from reports.bundle.error import EntryError

#: the record at the end of a zip (APPNOTE 4.3.16), and what zip64 puts right before it (4.3.15)
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\5\6"
_ZIP64_SIGNATURE = b"PK\6\7"
_ZIP64_BYTES = 20
#: a file's own header, without name and extra field (4.3.7)
_HEADER_BYTES = 30
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DIRECTORY = 0x10
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: what zipfile raises on a damaged file
DAMAGE = (
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    OverflowError,
)


def archive(file: IO[bytes]) -> zipfile.ZipFile:
    """The zip with a list of entries that can be unpacked one by one.

    Raises EntryError; its second argument, if there is one, names the entry.
    """
    size = file.seek(0, 2)
    if size > limits.ZIP_BYTES:
        raise EntryError(f"has more than {limits.ZIP_BYTES // limits.MIB} MiB")
    count, directory = _end(file, size)
    try:
        found = zipfile.ZipFile(file)
    except DAMAGE as error:
        raise EntryError(f"is no whole zip file ({error}); copy it again") from error
    entries = found.infolist()
    if len(entries) != count:
        raise EntryError(f"says it has {count} files, and lists {len(entries)}")
    names.check([entry.orig_filename for entry in entries])
    for entry in entries:
        _check(entry)
    _check_places(entries, directory)
    return found


def _end(file: IO[bytes], size: int) -> tuple[int, int]:
    """How many files there are, and where their list starts."""
    length = _END.size + _ZIP64_BYTES
    file.seek(max(0, size - length))
    tail = file.read(length)
    if len(tail) < _END.size or tail[-_END.size :][:4] != _END_SIGNATURE:
        raise EntryError("is no zip file, or is cut off; copy it again")
    _, disk, first, here, count, bytes_, start, _ = _END.unpack(tail[-_END.size :])
    if tail.startswith(_ZIP64_SIGNATURE) or disk or first or here != count:
        raise EntryError("is a zip of several parts or of the 64-bit format, which no bundle is")
    if count > limits.ENTRIES or bytes_ > limits.DIRECTORY_BYTES:
        raise EntryError(f"has more than {limits.ENTRIES} files")
    if start + bytes_ + _END.size != size:
        raise EntryError("has something before or after its zip, or is cut off; copy it again")
    return count, start


def _check(entry: zipfile.ZipInfo) -> None:
    mode = entry.external_attr >> 16
    problem = ""
    if entry.flag_bits & _ENCRYPTED:
        problem = "is encrypted"
    elif entry.compress_type not in _METHODS:
        problem = f"is packed by method {entry.compress_type}; only stored and deflated are read"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.external_attr & _DIRECTORY:
        problem = "is a link, a folder or a device, not a plain file"
    elif entry.file_size > limits.FILE_BYTES:
        problem = f"has more than {limits.FILE_BYTES // limits.MIB} MiB unpacked"
    elif entry.file_size > max(limits.RATIO_FROM, limits.RATIO * entry.compress_size):
        problem = f"is packed to less than 1/{limits.RATIO}: no table of measurements is"
    if problem:
        raise EntryError(problem, entry.filename)


def _check_places(entries: list[zipfile.ZipInfo], directory: int) -> None:
    """No two files share bytes: else a small zip holds any number of large ones."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise EntryError("shares bytes with another file", entry.filename)
        name = len(entry.orig_filename.encode("utf-8", "replace"))
        end = entry.header_offset + _HEADER_BYTES + name + entry.compress_size
    if end > directory:
        raise EntryError("has a file that reaches into the list of files")
    if sum(entry.file_size for entry in entries) > limits.ALL_BYTES:
        raise EntryError(f"has more than {limits.ALL_BYTES // limits.MIB} MiB unpacked")
