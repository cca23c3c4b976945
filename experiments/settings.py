"""From config.yaml to validated settings: schema, preset, defaults, one line for every error."""

from __future__ import annotations

import copy
import difflib
import json
import math
import multiprocessing
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from experiments import own

ROOT = Path(__file__).resolve().parent.parent
SCHEMA_PATH = ROOT / "workflow/schemas/config.schema.yaml"
PRESETS_PATH = ROOT / "experiments/presets.yaml"


class ConfigError(ValueError):
    """What is wrong with the user's configuration: one line an error."""


def _load_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_config_file(path: Path) -> dict[str, Any]:
    """Read a config file; ConfigError says which file and line can't be read."""
    try:
        content = _load_yaml(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "can't be parsed"
        raise ConfigError(f"{path}{where}: not valid YAML: {problem}") from error
    except ValueError as error:  # such as a date that does not exist
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds {_kind(content)}, not keys with values")
    return content


def resolve(config: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Complete settings for a config: checked, `auto` filled from the preset, defaults added.

    `folder` is what paths in it are seen from; the working directory unless given. Raises
    ConfigError with one line for every problem found.
    """
    schema = _load_yaml(SCHEMA_PATH)
    if isinstance(config.get("tasks"), Mapping):  # `math_python:` with nothing behind it, too
        config = {**config, "tasks": {k: v or {} for k, v in config["tasks"].items()}}
        misnamed = [f"config key 'tasks': {line}" for line in own.misnamed(config["tasks"])]
        if misnamed:
            raise ConfigError("\n".join(misnamed))
    flags = {key: _flag(config[key]) for key in _FLAGS if key in config}
    config = {**config, **flags}
    problems = [line for error in _errors(schema, config) for line in _problems(error)]
    if problems:
        raise ConfigError("\n".join(problems))
    settings = {key: copy.deepcopy(entry["default"]) for key, entry in schema["properties"].items()}
    settings.update(copy.deepcopy(dict(config)))
    if isinstance(settings["tasks"], Mapping):
        settings["tasks"], problems = own.listed(settings["tasks"], folder or Path.cwd())
        if problems:
            raise ConfigError("\n".join(problems))
    for key in ("disturbed", "cluster"):
        _fill(key, settings, schema)
    preset = _load_yaml(PRESETS_PATH)[settings["preset"]]
    _widen(settings)
    if settings["breakeven"] == "auto" and settings["tasks"] != "auto":
        settings["breakeven"] = []  # the preset's are about the preset's tasks
    for key, value in preset.items():
        if settings.get(key, "auto") == "auto":
            settings[key] = value
            if key == "most_processes":
                settings["most_processes_per_core"] = True
    settings["looks"] = sorted(settings["looks"])
    settings["start_methods"] = _start_methods(settings["start_methods"], config)
    return settings


def named_executor(entry: Any) -> tuple[str, dict[str, Any]]:
    """The executor that an entry of config key `executors` names, and the options it asks for."""
    return (entry, {}) if isinstance(entry, str) else (entry["executor"], entry["options"])


_FLAGS = ("again", "anonymise", "control", "overheads")


def _flag(value: Any) -> Any:
    """Snakemake leaves the `true` and `false` of its --config as text."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def typed(given: Any) -> Any:
    """A list or mapping of Snakemake's --config with its numbers, flags and nulls as such.

    Snakemake reads a single value as a number, but leaves all that stands inside [ ] and { } as
    text. A text that would be read as one of these is written with quotes inside quotes: '"1"'.
    """
    if isinstance(given, Mapping):
        return {key: _inner(value) for key, value in given.items()}
    return [_inner(value) for value in given] if isinstance(given, list) else given


def _inner(value: Any) -> Any:
    if not isinstance(value, str):
        return typed(value)
    try:
        scalar = json.loads(value)
    except ValueError:
        return value
    return value if isinstance(scalar, dict | list) or not _is_json(scalar) else scalar


def _is_json(scalar: Any) -> bool:
    """Python's reader takes NaN and Infinity too, which are no JSON."""
    return not isinstance(scalar, float) or math.isfinite(scalar)


def with_typed(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The config with what was given on the command line typed; the rest of it is a file's."""
    found = dict(config)
    for key, value in given.items():
        # the functions named on the command line are all that is asked for
        if key != "tasks" and isinstance(value, Mapping) and isinstance(found.get(key), Mapping):
            found[key] = {**found[key], **typed(value)}
        else:
            found[key] = typed(value)
    return found


#: the presets thin these axes out to save time on their own grid; who names one wants it whole
_WHOLE_AXES = {
    "core_axis": ("tasks", "cores"),
    "variant_tasks": ("tasks", "variants", "start_methods", "chunks"),
}


def _widen(settings: dict[str, Any]) -> None:
    """An axis on `auto` is whole where the user has named the tasks or its levels."""
    for axis, keys in _WHOLE_AXES.items():
        if settings[axis] == "auto" and any(settings[key] != "auto" for key in keys):
            settings[axis] = "all"


def _fill(key: str, settings: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """The defaults of a mapping's own keys."""
    defaults = schema["properties"][key]["properties"]
    settings[key] = {
        name: settings[key].get(name, entry["default"]) for name, entry in defaults.items()
    }


def _start_methods(wanted: list[str], config: Mapping[str, Any]) -> list[str]:
    """Those this platform has, its default first; one asked for by name must exist."""
    available = multiprocessing.get_all_start_methods()
    if config.get("start_methods", "auto") != "auto":
        missing = [method for method in wanted if method not in available]
        if missing:
            raise ConfigError(
                f"config key 'start_methods': {missing[0]!r} is not available on this platform; "
                f"it has {', '.join(available)}"
            )
        return wanted
    default = available[0]
    return [default, *(method for method in wanted if method in available and method != default)]


def _is_whole(_checker: object, value: object) -> bool:
    """Stricter than JSON schema's integer, which 2.0 is too: counts name things."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(_checker: object, value: object) -> bool:
    """Stricter than JSON schema's number: `.nan` would slip through every bound."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_whole, "number": _is_finite}
    ),
)


def _errors(
    schema: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    found = _Validator(schema).iter_errors(dict(config))
    yield from sorted(found, key=lambda e: [str(p) for p in e.path])


def _problems(error: jsonschema.ValidationError) -> Iterator[str]:
    """One validation error as lines that say key, what is allowed, and what came."""
    if error.validator == "oneOf" and error.context:
        error = _closest(error)
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = [str(name) for name in _parts(error.schema).get("properties", {})]
        for unknown in (str(name) for name in _parts(error.instance) if name not in known):
            yield _unknown(f"{key}.{unknown}" if key else unknown, unknown, known)
    else:
        yield f"config key {key!r}: {_expectation(error)}, got {_short(error.instance)}"


def _unknown(path: str, name: str, known: list[str]) -> str:
    guess = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {guess[0]!r}?" if guess else f"; known: {', '.join(known)}"
    return f"config key {path!r}: unknown{hint}"


def _closest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Of the alternatives of a oneOf, the error that is most to the point."""
    own = len(error.absolute_path)
    inner = [
        e for e in error.context or []
        if e.validator not in ("const", "enum") or len(e.absolute_path) > own
    ]  # fmt: skip
    deep = max(inner or [error], key=lambda e: (len(e.absolute_path), e.validator != "type"))
    return _closest(deep) if deep.validator == "oneOf" and deep.context else deep


def _expectation(error: jsonschema.ValidationError) -> str:
    value: Any = error.validator_value
    words: dict[str, Callable[[], str]] = {
        "enum": lambda: f"must be one of {', '.join(_plain(choice) for choice in value)}",
        "minimum": lambda: f"must be at least {value}",
        "maximum": lambda: f"must be at most {value}",
        "minLength": lambda: "must not be empty",
        "maxLength": lambda: f"must have at most {value} characters",
        "maxItems": lambda: f"may name at most {value}",
        "type": lambda: f"must be {_type_words(error)}",
        "minItems": lambda: _EMPTY.get(
            str(error.absolute_path[0]), "the grid is empty: name at least one"
        ),
        "minProperties": lambda: "the grid is empty: name at least one",
        "uniqueItems": lambda: "names something twice",
        "required": lambda: f"needs {', '.join(map(repr, value))}",
        "pattern": lambda: _PATTERNS[value],
    }
    known = words.get(str(error.validator))
    return known() if known else error.message


_EMPTY = dict.fromkeys(("looks", "simplicity", "decision", "pythons"), "name at least one")
_TYPES = {"integer": "a whole number", "number": "a number", "string": "text",
          "boolean": "true or false",
          "object": "keys with values", "array": "auto or a list"}  # fmt: skip
_PATTERNS = {
    "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "may hold letters, digits, '.', '_' and '-' (at most 64)",
    "^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$": (
        "a name may hold letters, digits, '.', ':', '_' and '-' (at most 100)"
    ),
    "^[^{}]*$": "must not hold { or }, which Snakemake takes for wildcards",
}


def _type_words(error: jsonschema.ValidationError) -> str:
    words = _TYPES.get(str(error.validator_value), str(error.validator_value))
    if error.validator_value == "array" and list(error.absolute_path) == ["decision"]:
        return "all or a list of tasks"
    if error.validator_value == "array" and list(error.absolute_path) == ["pythons"]:
        return "a list of interpreters"
    items = _parts(_parts(error.schema).get("items"))
    if items.get("type") == "integer":
        words += f" of whole numbers, each at least {items['minimum']}"
    return words


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"a single {type(value).__name__}"


def _parts(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(choice: object) -> str:
    """A choice as it is written in YAML."""
    return choice if isinstance(choice, str) else json.dumps(choice)


#: of a connection string in the wrong place: what stands before the host, or after a key's name
_PASSWORD = re.compile(r"(?<=://)[^/\s\"]*(?=@)|(?<=password=)[^\s\"&]+", re.IGNORECASE)


def _short(value: object) -> str:
    text = _PASSWORD.sub("***", json.dumps(value, default=str))
    return text if len(text) <= 60 else text[:57] + "..."
