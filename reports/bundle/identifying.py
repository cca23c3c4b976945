"""What in a run's files tells who measured where, and the neutral words that stand for it."""

from __future__ import annotations

import functools
import getpass
import hashlib
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reports.load import Results

ROOT = Path(__file__).resolve().parents[2]
USER = "user"
PARTITION = "partition"
SERVER = "server"
#: a name of fewer letters is no name that one could be known by, and stands in every text
_SHORTEST = 2
_DIGITS = 6
#: folders of the kernel's: the same on every machine
_KERNEL = ("/dev/", "/proc/", "/sys/")
_END = r"\s'\"<>|:;,()\[\]{}"
_POSIX = rf"(?:file:/+|(?<![\w./<\\-])(?:~[\w.-]*)?/)[^{_END}/]+(?:/[^{_END}]*)+"
_WINDOWS = rf"(?<![\w])[A-Za-z]:\\+[^{_END}]+"
_PATH = re.compile(f"{_POSIX}|{_WINDOWS}")
_HOME = re.compile(r"(?:/home/|/Users/|\\+Users\\+)([^/\\\s'\"<>]+)")
#: the server of a URL (user and password too), but for this very machine's own
_AUTHORITY = re.compile(r"(?<=://)(?!(?:localhost|127\.|\[::1\])[\w.:]*(?:/|$))[^\s/'\"<>]+")
_SETTING = re.compile(r"\b(host|hostaddr|user|password|passfile|service)=[^\s&'\"]+")


def machine_word(results: Results) -> str:
    """The name that stands for the machine's: the same for all runs of the machine."""
    fingerprint = str(results.machine.get("fingerprint", ""))
    return f"machine-{hashlib.sha256(fingerprint.encode()).hexdigest()[:_DIGITS]}"


@functools.cache
def own_words() -> frozenset[str]:
    """Every word that Poolwise's own code and texts hold, in small letters.

    A host or user of such a name (threads, data, root) can't be told from the word itself, which
    gives nobody away: it is replaced only where a name is meant.
    """
    files = [
        path
        for folder in ("reports", "experiments")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".j2", ".yaml", ".css", ".js")
    ]
    text = " ".join(path.read_text(encoding="utf-8") for path in files)
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _whole_paths(texts: Iterable[str]) -> set[str]:
    """Values that are nothing but a path: they may hold blanks, which end a path within a text."""
    paths = {text.rstrip("/") for text in texts if re.match(r"(?:/|~/|[A-Za-z]:\\)[^\n]+/?", text)}
    return {path for path in paths if len(re.findall(r"[^/\\]+", path)) > 1}


class Identity:
    """Host, users and paths of a run, and of who packs it now; `replaced` puts words for them.

    Paths are numbered as they come, so the same texts in the same order get the same words.
    """

    def __init__(self, results: Results) -> None:
        self.machine = machine_word(results)
        texts = list(_texts([results.machine, results.plan, list(results.runs.values())]))
        here = {str(path) for path in (Path.home(), Path.cwd(), ROOT, results.folder.resolve())}
        roots = _whole_paths([*texts, *here])
        self._roots = sorted((one for one in roots if _tells(one)), key=len, reverse=True)
        self._numbers: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self.names = _names(results, [*texts, *here])
        self._names = _any_of(self.names)
        rest = rf"(?:[/\\][^{_END}]*)?"
        longest = "|".join(map(re.escape, self._roots))
        self._known = re.compile(rf"(?<![\w/])(?:{longest}){rest}(?![\w])") if longest else None

    def replaced(self, text: str) -> str:
        """The text with neutral words for everything that identifies."""
        if text not in self._seen:
            self._seen[text] = self._replaced(text)
        return self._seen[text]

    def _replaced(self, text: str) -> str:
        if self._known:
            text = self._known.sub(self._numbered, text)
        text = _AUTHORITY.sub(SERVER, _PATH.sub(self._numbered, text))
        return self.without_names(_SETTING.sub(rf"\1={SERVER}", text))

    def without_names(self, text: str) -> str:
        """The text with neutral words for host and users; paths and servers stay."""
        return self._names.sub(lambda found: self._word(found[0]), text) if self._names else text

    def _word(self, name: str) -> str:
        return next(word for one, word in self.names.items() if one.lower() == name.lower()) or (
            self.machine
        )

    def _numbered(self, found: re.Match[str]) -> str:
        path = found[0]
        if path.startswith(_KERNEL):
            return path
        return self._numbers.setdefault(path, f"path-{len(self._numbers) + 1}")

    def left(self, text: str) -> str:
        """The first thing in a text that still identifies; empty if there is none."""
        paths = [*self._roots, *(one for one in self._numbers if not one.startswith("/usr/"))]
        name = self._names.search(text) if self._names else None
        return name[0] if name else next((one for one in paths if one in text), "")


def _tells(path: str) -> bool:
    """Whether a path may be looked for as it stands: `/usr` stands in every shell line."""
    return len(path) > len("/a/b") and not path.startswith(_KERNEL)


def _names(results: Results, texts: Iterable[str]) -> dict[str, str]:
    """Names of host and users with the words for them; empty: the machine's."""
    hosts = {results.name, str(results.machine.get("hostname", "")), platform.node()}
    hosts |= {host.split(".")[0] for host in hosts}
    jobs = [results.machine.get("job"), *(run.get("node") for run in results.runs.values())]
    given = [job for job in jobs if isinstance(job, Mapping)]
    nodes = {str(job["node"]) for job in given if job.get("node")}
    nodes |= {str(word["node"]) for word in results.away.values() if word.get("node")}
    partitions = {str(job["partition"]) for job in given if job.get("partition")}
    users = {Path.home().name, _login(), *(one for text in texts for one in _HOME.findall(text))}
    numbered = {name: f"node-{number}" for number, name in enumerate(sorted(nodes), 1)}
    found = {**numbered, **dict.fromkeys(partitions, PARTITION), **dict.fromkeys(users, USER),
             **dict.fromkeys(hosts, "")}  # fmt: skip
    return {
        name: word
        for name, word in sorted(found.items())
        if len(name) >= _SHORTEST and name.lower() not in own_words()
    }


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Any of the names, as words of their own: an underscore may touch them, a letter may not."""
    longest = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])(?:{longest})(?![^\W_])", re.IGNORECASE) if longest else None
