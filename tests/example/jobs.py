"""Work as anybody has it: nothing here knows of Poolwise."""

import hashlib


def documents(size_kib=32):
    """The items: texts to be looked through."""
    return [f"document {number} ".encode() * (size_kib * 64) for number in range(24)]


def fingerprint(document, size_kib=32):
    """The work: the longest run of zero bits in any of the digests of a document's parts."""
    parts = (document[start : start + 64] for start in range(0, len(document), 64))
    return max(int(hashlib.sha256(part).hexdigest(), 16) & 0xFFFF for part in parts)
