"""How large what a bundle holds may be: far above any run's, and far below what harms a machine."""

from __future__ import annotations

MIB = 2**20
#: the standard preset's bundle has about 1 MiB, a day's grid of 500 blocks about 30
ZIP_BYTES = 64 * MIB
#: a bundle has about 25 files; the list of them is read at once
ENTRIES = 64
DIRECTORY_BYTES = 64 * 1024
#: unpacked, one file and all of them
FILE_BYTES = 64 * MIB
ALL_BYTES = 256 * MIB
#: unpacked / packed: tables of measurements come to about 10, a file of nothing but zeros to 1,000
RATIO = 200
#: smaller files may be packed as well as they like
RATIO_FROM = MIB
#: tables: once read, a cell takes about 140 bytes, and the largest table some 600 MiB
ROWS = 1_000_000
CELLS = 4_000_000
#: JSON: once read, a part takes up to 64 bytes
JSON_BYTES = 16 * MIB
JSON_PARTS = 1_000_000
JSON_DEPTH = 40
