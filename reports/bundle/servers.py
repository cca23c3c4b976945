"""Where texts name servers and their users, and the neutral words that stand for them there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

USER = "user"
SERVER = "server"
#: this very machine, in the words of connection strings and of their labels
_LOCAL = ("local", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "*")
_QUOTE = r"\\*['\"]"
#: the server of a URL (user and password too), but for this very machine's own
_AUTHORITY = re.compile(
    r"(?<=://)(?!(?:localhost|127\.|\[::1\])[\w.:]*(?:/|$))[^\s/'\"<>\\]*[^\s/'\"<>\\,.;:)]"
)
_SETTING = re.compile(
    r"\b(host|hostaddr|hostname|user|username|password|passfile|service)="
    rf"(?:({_QUOTE})([^'\"\\\n]+)\2|((?:[^\s&'\"\\]|\\(?!['\"]))+))"
)
#: as libpq, resolvers and clients of HTTP name them in their errors
_SAID = re.compile(
    r"\b(host(?:\s?name)?|server|resolve|user(?:\s?name)?|role|login)"
    rf"((?:\s+(?:at|name|for|is|address))?\s*:?\s+{_QUOTE})([^\s'\"\\]+)(?={_QUOTE})"
)
_REACHED = re.compile(r"\b(host|connect(?:ing|ion)?\s+to)(\s+)([\w-]+(?:\.[\w-]+)*)(?=:\d{2,5}\b)")
#: four numbers, unless something says that they are a version's
_IPV4 = r"(?<![\w.])(?<![=<>~!]=)(?<!version )(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"
_GROUP = "[0-9A-Fa-f]{0,4}"
_ADDRESS = re.compile(rf"{_IPV4}|(?<![\w:.]){_GROUP}(?::{_GROUP}){{2,7}}(?:%\w+)?(?![\w:]|\.\d)")
#: of a dsn: blanks may stand around its equals signs
_PAIR = re.compile(r"\b(host|hostaddr|user|service)\s*=\s*('(?:\\.|[^'\\])*'|[^\s'&]+)")
_LABEL = re.compile(r"(?:^| )dsn=([^\s/]+)/")
_HOST_KEYS = ("host", "hostaddr", "hostname")
_USER_KEYS = ("user", "username")


class Found(NamedTuple):
    """Names of servers and of their users."""

    servers: set[str]
    users: set[str]

    def add(self, kind: str, value: str) -> None:
        """Take what a setting of that kind says: a user's name, or one or more servers'."""
        if kind.startswith(("user", "role", "login")):
            self.users.add(unquote(value))
        elif not kind.startswith("pass"):
            self.servers.update(host for host, _ in hosts(value))

    def words(self) -> dict[str, str]:
        """The word for each of them: numbered where there are several, so that two stay two."""
        return {**_numbered(self.users - self.servers, USER), **_numbered(self.servers, SERVER)}


def _numbered(names: Iterable[str], word: str) -> dict[str, str]:
    told = sorted(name for name in names if is_name(name))
    several = len(told) > 1
    return {name: f"{word}-{number}" if several else word for number, name in enumerate(told, 1)}


def is_name(name: str) -> bool:
    """Whether it can be the name or address of a user or of a machine that isn't this one."""
    if not name or name in _LOCAL or not re.match(r"[\w:]", name) or re.search(r"[\s/\\]", name):
        return False
    address = _address(name)
    if address:
        return not (address.is_loopback or address.is_unspecified)
    try:
        float(name)
    except ValueError:
        return True
    return False


def hosts(text: str) -> Iterator[tuple[str, str]]:
    """(host, port) of each server in `host:port,host:port`; a port that isn't told is empty."""
    for one in unquote(text.strip("'")).split(","):
        port = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+)):(\d*)", one)
        yield (port[1] or port[2], port[3]) if port else (one.strip("[]"), "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def addresses(text: str) -> Iterator[str]:
    """The IP addresses in a text, but for this very machine's own; versions may be among them."""
    yield from (found[0] for found in _ADDRESS.finditer(text) if _is_address(found[0]))


def _is_address(text: str) -> bool:
    """An address, and neither a slice such as 1::2 nor a time."""
    long = "." in text or any(len(group) > 2 for group in text.partition("%")[0].split(":"))
    return long and _address(text) is not None and is_name(text)


def find(values: Any, texts: Iterable[str]) -> Found:
    """What the values of plan and runs name by their keys, and these and other texts by words."""
    found = Found(set(), set())
    for key, value in _by_key(values):
        if key == "block":  # made of the others, in which more than a server's name follows on it
            continue
        if key == "dsn":
            for pair in _PAIR.finditer(value):
                found.add(pair[1], pair[2].strip("'"))
        elif key == "params_label":
            for label in _LABEL.findall(value):
                found.add("host", label)
        elif key == "server" and re.search("[./:]", value):
            found.add("host", value.partition("/")[0])
        elif (last := key.rpartition("_")[2]) in (*_HOST_KEYS, *_USER_KEYS):
            found.add(last, value)
        _find_in(value, found)
    for text in texts:
        _find_in(text, found)
    return found


def _by_key(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _by_key(one, inner)
    elif isinstance(value, list):
        for one in value:
            yield from _by_key(one, key)
    elif isinstance(value, str):
        yield key, value


def _find_in(text: str, found: Found) -> None:
    for one in _AUTHORITY.finditer(text):
        login, _, places = one[0].rpartition("@")
        found.add("user", login.partition(":")[0])
        found.add("host", re.split(r"[?#]", places)[0])
    for one in _SETTING.finditer(text):
        found.add(one[1], one[3] or one[4].rstrip(",.;:)"))
    for pattern in (_SAID, _REACHED):
        for one in pattern.finditer(text):
            found.add(one[1], one[3])


def replaced(text: str, words: Mapping[str, str], is_own: Callable[[str], bool]) -> str:
    """The text with words for what it says is a server or a user.

    `words` are those of the known ones, in small letters; `is_own` tells words that give nobody
    away, which stay unless they are a setting's value.
    """

    def word(name: str, otherwise: str) -> str:
        return words.get(name.lower(), otherwise)

    def authority(one: re.Match[str]) -> str:
        places = re.split(r"[?#]", one[0].rpartition("@")[2])[0]
        return ",".join(_place(host, port, words) for host, port in hosts(places))

    def setting(one: re.Match[str]) -> str:
        key, quote, value = one[1], one[2] or "", one[3] or one[4]
        if key.startswith("pass"):
            return f"{key}={quote}{SERVER}{quote}"
        if key.startswith("user"):
            stays = not is_name(value) and re.fullmatch(r"[\d.]+", value)
            return f"{key}={quote}{value if stays else word(value, USER)}{quote}"
        places = (value if quote else value.rstrip(",.;:)")) or value
        rest = value[len(places) :]
        told = ",".join(_place(host, port, words) for host, port in hosts(places))
        return f"{key}={quote}{told}{quote}{rest}"

    def said(one: re.Match[str]) -> str:
        if is_own(one[3]) or not is_name(one[3]):
            return one[0]
        kind = USER if one[1].startswith(("user", "role", "login")) else SERVER
        return f"{one[1]}{one[2]}{word(one[3], kind)}"

    text = _SETTING.sub(setting, _AUTHORITY.sub(authority, text))
    return _REACHED.sub(said, _SAID.sub(said, text))


def _place(host: str, port: str, words: Mapping[str, str]) -> str:
    """A server's word; the port of one that the run's own files name tells two on it apart."""
    known = words.get(host.lower())
    if re.fullmatch(r"path-\d+", host):  # the folder of a socket, which has its word already
        return host
    if not known and (host in _LOCAL or not is_name(host)) and re.fullmatch(r"[\w.:*-]+", host):
        known = f"[{host}]" if ":" in host and port else host
    return (known or SERVER) + (f":{port}" if known and port else "")
