"""What in a run's files tells who measured where, and the neutral words that stand for it."""

from __future__ import annotations

import functools
import getpass
import hashlib
import json
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments import schema
from reports.bundle import servers
from reports.bundle.servers import USER
from reports.load import Results

ROOT = Path(__file__).resolve().parents[2]
PARTITION = "partition"
#: a name of fewer letters is no name that one could be known by, and stands in every text
_SHORTEST = 2
_DIGITS = 6
#: folders of the kernel's: the same on every machine
_KERNEL = ("/dev/", "/proc/", "/sys/")
_END = r"\s'\"<>|:;,()\[\]{}"
_POSIX = rf"(?:file:/+|(?<![\w./<\\-])(?:~[\w.-]*)?/|(?<![\w:./<\\-])//)[^{_END}/]+(?:/[^{_END}]*)+"
_WINDOWS = rf"(?<![\w])[A-Za-z]:\\+[^{_END}]+"
#: a share of another machine's: its name is one of at least two letters, no escaped one
_SHARE = rf"(?<![\w:\\])\\{{2,}}[\w.$-]{{2,}}\\+[^{_END}\\][^{_END}]*"
#: from the folder where one happens to be: what follows is as much the user's as in a whole path
_RELATIVE = rf"(?<![\w./<\\-])(?:\.\.?[/\\]+)+[^{_END}./\\][^{_END}]*"
_PATH = re.compile(f"{_POSIX}|{_WINDOWS}|{_SHARE}|{_RELATIVE}")
_WHOLE = re.compile(r"(?:/|~/|\.\.?[/\\]|[A-Za-z]:\\|\\\\)[^\n]+/?")
_HOME = re.compile(r"(?:/home/|/Users/|\\+Users\\+)([^/\\\s'\"<>]+)")
#: of the machine: versions of four numbers look like an address
_VERSIONS = ("os", "kernel", "cpu_model", "packages", "interpreters")


def machine_word(results: Results) -> str:
    """The name that stands for the machine's: the same for all runs of the machine."""
    fingerprint = str(results.machine.get("fingerprint", ""))
    return f"machine-{hashlib.sha256(fingerprint.encode()).hexdigest()[:_DIGITS]}"


@functools.cache
def own_words() -> frozenset[str]:
    """Every word that Poolwise's own code and texts hold, and names with dots: in small letters.

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
    return frozenset(re.findall(r"[a-z]+|(?<![\w.-])[\w-]+(?:\.[\w-]+)+", text.lower()))


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
    """Values that are nothing but a path: they may hold blanks, which end a path within a text.

    One of a single folder (/data) is any word, unless it is none of Poolwise's own.
    """
    paths = {text.rstrip("/") for text in texts if _WHOLE.fullmatch(text)}
    parts = {path: re.findall(r"[^/\\]+", path) for path in paths}
    return {
        path
        for path, found in parts.items()
        if len(found) > 1 or (re.fullmatch(r"/[\w.-]+", path) and not _is_own(found[0]))
    }


def _is_own(word: str) -> bool:
    return word.lower() in own_words()


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
        files = _files(results)
        reasons = results.table(schema.LAUNCHES)["reason"].dropna().unique()
        said = [*_texts(results.machine), *map(str, reasons)]
        self._versions = set(servers.addresses(_facts(results)))
        found = servers.find(files, said)
        ours = (one for text in (*said, *_texts(files)) for one in servers.addresses(text))
        found.servers.update(one for one in ours if one not in self._versions)
        self.names = _names(results, [*texts, *here], found.words())
        meant = {**found.words(), **self.names}
        self._hosts = {name.lower(): word or self.machine for name, word in meant.items()}
        self._names = _any_of(self.names)
        rest = rf"(?:[/\\][^{_END}]*)?"
        longest = "|".join(map(re.escape, self._roots))
        self._known = re.compile(rf"(?<![\w/])(?:{longest}){rest}(?![\w])") if longest else None
        self._plain: set[str] = set()
        self._labelled: re.Pattern[str] | None = None
        self._labels = self._in_names(files)
        self._labelled = _any_of(self._labels)
        self._seen.clear()

    def _in_names(self, files: Any) -> dict[str, str]:
        """Parameters as the names of blocks, and so of launches, hold them, with what they become.

        What stands behind them there (the cores, the round) is no part of a server's name. A name
        that was too long for them becomes another one as a whole.
        """
        found = {}
        for number, block in enumerate(_blocks(files), 1):
            label, name = str(block.get("params_label", "")), str(block.get("block", ""))
            word, cores = self.replaced(label), f"{label}-1c"
            if word != label or self.replaced(cores) != cores:
                there = _in_name(label) in name
                found[_in_name(label) if there else name] = (
                    _in_name(word) if there else f"block-{number}"
                )
        return found

    def replaced(self, text: str) -> str:
        """The text with neutral words for everything that identifies."""
        if text not in self._seen:
            self._seen[text] = self._replaced(text)
        return self._seen[text]

    def path(self, text: str) -> str:
        """A value that is known to be a path: even `/data`, which no text tells to be one."""
        done = self.replaced(text)
        if done != text or not re.match(r"(?:/|~|[A-Za-z]:\\|\\\\).", text):
            return done
        self._plain.add(text)
        return self._word_of(text)

    def _replaced(self, text: str) -> str:
        if self._known:
            text = self._known.sub(self._numbered, text)
        text = _PATH.sub(self._numbered, text)
        if not self._labelled:
            return self._rest(text)
        made, at = [], 0
        for one in self._labelled.finditer(text):
            made += [self._rest(text[at : one.start()]), self._labels.get(one[0], one[0])]
            at = one.end()
        return "".join([*made, self._rest(text[at:])])

    def _rest(self, text: str) -> str:
        text = self.without_names(servers.replaced(text, self._hosts, _is_own))
        for address in dict.fromkeys(servers.addresses(text)):
            if address not in self._versions:
                text = re.sub(rf"(?<![\w.]){re.escape(address)}(?!\w)", servers.SERVER, text)
        return text

    def without_names(self, text: str) -> str:
        """The text with neutral words for hosts, servers and users that are known; paths stay."""
        return self._names.sub(lambda found: self._word(found[0]), text) if self._names else text

    def _word(self, name: str) -> str:
        return next(word for one, word in self.names.items() if one.lower() == name.lower()) or (
            self.machine
        )

    def _numbered(self, found: re.Match[str]) -> str:
        return self._word_of(found[0])

    def _word_of(self, path: str) -> str:
        if path.startswith(_KERNEL):
            return path
        return self._numbers.setdefault(path, f"path-{len(self._numbers) + 1}")

    def left(self, text: str) -> str:
        """The first thing in a text that still identifies; empty if there is none."""
        if self._names and (name := self._names.search(text)):
            return name[0]
        numbers = (one for one in self._numbers if not one.startswith("/usr/"))
        changed = (one for one, word in self._labels.items() if one != word)
        paths = [*self._roots, *changed, *(one for one in numbers if one not in self._plain)]
        there = (one for one in paths if one in text or one.replace("\\", "\\\\") in text)
        address = (one for one in servers.addresses(text) if one not in self._versions)
        return next(there, "") or next(address, "")


def _tells(path: str) -> bool:
    """Whether a path may be looked for as it stands: `/usr` stands in every shell line."""
    return len(path) > len("/a/b") and not path.startswith(_KERNEL)


def _files(results: Results) -> Any:
    """What was planned, also for nodes of another kind and for searches, and how it went."""
    paths = (results.folder / name for name in ("plan.json", "searches.json", "runs.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def _blocks(files: Any) -> list[Mapping[str, Any]]:
    every = [one.get("blocks") or [] for one in files if isinstance(one, Mapping)]
    return [block for blocks in every for block in blocks if isinstance(block, Mapping)]


def _in_name(label: str) -> str:
    """A block's parameters in its name, which is that of a folder."""
    return "".join(c if c.isalnum() or c in "=.-_" else "-" for c in label)


def _facts(results: Results) -> str:
    return json.dumps([results.machine.get(fact) for fact in _VERSIONS])


def _names(results: Results, texts: Iterable[str], others: Mapping[str, str]) -> dict[str, str]:
    """Names of hosts and users with the words for them; empty: the machine's.

    `others` are servers and their users.
    """
    hosts = {results.name, str(results.machine.get("hostname", "")), platform.node()}
    hosts |= {host.split(".")[0] for host in hosts}
    jobs = [results.machine.get("job"), *(run.get("node") for run in results.runs.values())]
    given = [job for job in jobs if isinstance(job, Mapping)]
    nodes = {str(job["node"]) for job in given if job.get("node")}
    nodes |= {str(word["node"]) for word in results.away.values() if word.get("node")}
    partitions = {str(job["partition"]) for job in given if job.get("partition")}
    users = {Path.home().name, _login(), *(one for text in texts for one in _HOME.findall(text))}
    numbered = {name: f"node-{number}" for number, name in enumerate(sorted(nodes), 1)}
    found = {**others, **numbered, **dict.fromkeys(partitions, PARTITION),
             **dict.fromkeys(users, USER), **dict.fromkeys(hosts, "")}  # fmt: skip
    return {
        name: word
        for name, word in sorted(found.items())
        if len(name) >= _SHORTEST and not _is_own(name)
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
