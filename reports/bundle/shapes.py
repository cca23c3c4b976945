"""The kinds of values in plan.json, machine.json and runs.json that reports count on.

Whatever else stands there is passed by; what is missing there is unknown, as in older results.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from reports import wording
from reports.bundle.error import EntryError

_TEXT = {"type": "string", "maxLength": 20_000}
_NAME = {"type": "string", "maxLength": 1_000}
_COUNT = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**53}
_AMOUNT = {"type": ["number", "null"], "minimum": 0, "maximum": 1e18}
_FLAG = {"type": ["boolean", "null"]}
_SOME_TEXT = {"type": ["string", "null"], "maxLength": 20_000}
_TEXTS = {"type": ["array", "null"], "items": _TEXT, "maxItems": 10_000}
_COUNTS = {"type": ["array", "null"], "items": _COUNT, "maxItems": 100_000}
_OBJECT = {"type": "object"}
#: of one block: each is compared with each, which takes memory by the square of them (330 MiB)
MOST_APPROACHES = 1_000


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: Any, most: int = 100_000) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


_RULES = _object(
    margin={"type": "number", "minimum": 0, "maximum": 10},
    alpha={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    looks={"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1},
)
_APPROACH = _object(
    approach=_NAME,
    interpreter=_NAME,
    executor=_NAME,
    options=_OBJECT,
    workers={"type": "integer", "minimum": 1, "maximum": 1_000_000},
    simplicity={"type": "integer", "minimum": 0, "maximum": 1_000_000},
)
_BLOCK = _object(
    block=_NAME,
    task=_NAME,
    params=_OBJECT,
    params_label=_NAME,
    summary=_TEXT,
    kind=_NAME,
    cores={"type": "integer", "minimum": 1, "maximum": 1_000_000},
    approaches=_list(_APPROACH, MOST_APPROACHES),
    not_run=_list(_object(approach=_NAME, reason=_TEXT)),
    objective=_NAME,
    objective_note=_TEXT,
    statistics=_RULES,
    scaling={"enum": ["strong", "weak"]},
    role=_NAME,
    control=_FLAG,
)
_RUN_COUNTS = ("items", "rounds", "launches", "samples", "latencies")
_RUN_AMOUNTS = ("batch_seconds", "wall_seconds", "launch_seconds", "timed_seconds", "item_kib",
                "result_kib", "item_ms")  # fmt: skip
_JOB = {
    "anyOf": [
        {"type": "null"},
        _object(
            manager=_NAME,
            partition=_SOME_TEXT,
            constraint=_SOME_TEXT,
            gres=_SOME_TEXT,
            exclusive=_FLAG,
        ),
    ]
}
SHAPES: dict[str, dict[str, Any]] = {
    "machine.json": _object(
        schema_version={"type": "integer"},
        machine=_NAME,
        fingerprint=_NAME,
        os=_SOME_TEXT,
        kernel=_SOME_TEXT,
        cpu_model=_SOME_TEXT,
        virtualisation=_SOME_TEXT,
        usable_cores=_COUNT,
        logical_cpus=_COUNT,
        fast_cores=_COUNT,
        memory_mib=_AMOUNT,
        memory_limit_mib=_AMOUNT,
        job=_JOB,
        quota_cores=_AMOUNT,
        timer_resolution_seconds=_AMOUNT,
        core_order=_COUNTS,
        usable_cpus=_COUNTS,
        limits=_TEXTS,
        interpreters=_list(_object(interpreter=_NAME, lacks=_TEXTS)),
        packages={"type": "object", "additionalProperties": _SOME_TEXT},
    ),
    "plan.json": _object(
        schema_version={"type": "integer"},
        seed=_COUNT,
        statistics={**_RULES, "required": ["margin", "alpha", "looks"]},
        code_digest=_NAME,
        task_digests={**_OBJECT, "additionalProperties": _NAME},
        settings={**_OBJECT, "properties": {"tasks": {"type": "array"}}},
        blocks=_list(_BLOCK),
    ),
    "runs.json": _list(
        _object(
            block=_NAME,
            flags=_TEXTS,
            stopped_because=_SOME_TEXT,
            services=_OBJECT,
            node=_object(
                node=_SOME_TEXT,
                partition=_SOME_TEXT,
                exclusive=_FLAG,
                cpus=_COUNTS,
            ),
            measured_on_other_nodes=_object(
                node=_NAME, fingerprint=_NAME, folder=_NAME, differences=_TEXTS
            ),
            **dict.fromkeys(_RUN_COUNTS, _COUNT),
            **dict.fromkeys(_RUN_AMOUNTS, _AMOUNT),
        )
    ),
}


def check(name: str, value: Any) -> None:
    """Raise EntryError, naming the key, where a value isn't of its kind."""
    shape = SHAPES.get(name)
    error = next(Draft202012Validator(shape).iter_errors(value), None) if shape else None
    if error:
        where = ".".join(str(part) for part in error.absolute_path) or "the whole"
        said = f"{wording.short(where)}: {wording.short(error.message, 120)}"
        raise EntryError(wording.visible(said), name)
