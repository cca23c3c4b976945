"""Results folders made from known truths with seeded noise: what the report's tests stand on."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments import schema
from experiments.launch import latency
from experiments.launch.heartbeat import quantile
from experiments.statistics.objectives import NOT_TIMED, effective

PYTHON = "cpython-3.11.7"
SPAWN = {"start_method": "spawn"}


@dataclass(frozen=True)
class Truth:
    """One approach and what is true of it."""

    label: str
    executor: str
    workers: int
    seconds: float
    options: Mapping[str, Any] = field(default_factory=dict)
    startup: float = 0.0
    memory: float | None = 40.0
    #: of its items in waiting work, in each launch; None: what its batches come to
    p99_ms: float | None = None
    heartbeat: float = 1.0
    cpu: float | None = None
    status: str = "ok"
    reason: str = ""
    lost: int | None = None
    #: of 64 items' writes to an ordinary object, those that the main program sees (locked_counter)
    seen: int | None = None
    #: seconds a worker process spends importing
    imports: float | None = None
    interpreter: str = PYTHON
    #: (at start, at end) of its launches: whether a GIL was held; None: not told
    gil: tuple[bool, bool] | None = None
    #: whose locks its shared state is made of
    primitives: str = ""
    #: the round from which its launches are for the single batch alone
    single_from: int | None = None

    def samples(self, number: int) -> int:
        """Timed batches of its launch in that round."""
        if self.status != "ok":
            return 0
        return 4 if self.single_from is None or number < self.single_from else 1


@dataclass(frozen=True)
class Scene:
    """One block, its approaches, and the noise of its launches."""

    task: str
    kind: str
    cores: int
    truths: tuple[Truth, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    #: the definition of a function of the user's
    own: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 5
    noise: float = 0.004
    not_run: tuple[tuple[str, str], ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    summary: str = "does an item of work"
    stopped: str = "decided"
    control: bool = False
    role: str = "answer"
    items: int = 64
    #: pickled size of an item and of its result, each
    kib: float | None = None
    #: weak: the seconds of a truth are those of its own batch, of as many times the items
    scaling: str = "strong"
    #: whether others kept the cores busy in all launches
    disturbed: bool = False

    @property
    def name(self) -> str:
        """The block's name, as the plan makes it."""
        middle = f"-{self.label}" if self.label else ""
        return f"{'control-' if self.control else ''}{self.task}{middle}-{self.cores}c"


def pool(executor: str, workers: int, seconds: float, **more: Any) -> Truth:
    """A pool with its usual label; `spawn=True` gives processes the spawn start method."""
    spawn = more.pop("spawn", False)
    label = f"{executor} x{workers}" + (" (spawn)" if spawn else "")
    return Truth(label, executor, workers, seconds, options=SPAWN if spawn else {}, **more)


def sequential(seconds: float, **more: Any) -> Truth:
    """The baseline."""
    return Truth("sequential", "sequential", 1, seconds, **more)


def cpu_scene(task: str = "math_python", cores: int = 2, batch: float = 0.2, **more: Any) -> Scene:
    """CPU-bound Python under a GIL: threads gain nothing, processes nearly the core count."""
    truths = [sequential(batch, heartbeat=batch * 1000)]
    for workers in _powers(2 * cores):
        used = min(workers, cores)
        truths.append(pool("threads", workers, batch * (1.02 + 0.01 * workers), heartbeat=6.0))
        busy = batch / (0.96 * used + 0.04)
        truths.append(
            pool("processes", workers, busy, startup=0.02 * workers, memory=30.0 + 12 * workers)
        )
        truths.append(
            pool(
                "processes",
                workers,
                busy * 1.12,
                spawn=True,
                startup=0.15 * workers,
                memory=30.0 + 25 * workers,
            )
        )
    truths.append(pool("asyncio", 1, batch * 1.01, heartbeat=batch * 1000))
    return Scene(task, "cpu", cores, tuple(truths), **more)


def waiting_scene(
    task: str = "http_request", cores: int = 2, batch: float = 0.25, most: int = 64, **more: Any
) -> Scene:
    """Waiting work: threads and asyncio scale with the workers, processes too but at a price."""
    truths = [sequential(batch, heartbeat=batch * 1000, cpu=0.02)]
    for workers in _powers(most):
        shared = batch / workers
        truths.append(pool("threads", workers, shared + 0.004, cpu=0.03, startup=0.0002 * workers))
        truths.append(pool("asyncio", workers, shared + 0.0025, cpu=0.02, heartbeat=2.0))
        truths.append(
            pool(
                "processes",
                workers,
                shared * 1.05 + 0.006,
                cpu=0.05,
                startup=0.02 * workers,
                memory=30.0 + 12 * workers,
            )
        )
    return Scene(task, "waiting", cores, tuple(truths), **more)


def counter_scene(label: str, lost: int, **more: Any) -> Scene:
    """Shared state updated with a lock (nothing lost) or without (updates lost)."""
    cost = 0.05 if lost else 0.08
    truths = (
        sequential(cost, lost=0, seen=64),
        pool("threads", 2, cost * 1.1, lost=lost, seen=64),
        pool("threads", 4, cost * 1.2, lost=lost, seen=64),
    )
    return Scene(
        "locked_counter", "cpu", 2, truths, params={"guard": label}, label=f"guard={label}", **more
    )


def control_scene(second: float = 0.1, **more: Any) -> Scene:
    """The A/A control: a pool of 0.1 s a batch, and its twin, which should take as long."""
    twins = (
        Truth("processes x2 (fork), A", "processes", 2, 0.1, options={"twin": "A"}, startup=0.02),
        Truth(
            "processes x2 (fork), B", "processes", 2, second, options={"twin": "B"}, startup=0.02
        ),
    )
    return Scene("math_python", "cpu", 2, twins, control=True, **more)


@dataclass(frozen=True)
class Costs:
    """What is true of one executor: seconds and MiB."""

    executor: str
    item: float
    kib: float
    startup: tuple[float, float]
    memory: float = 0.0
    imports: float | None = None


#: a pool of processes and one of threads, as on a usual machine
COSTS = (
    Costs("threads", 12e-6, 0.0, (0.0002, 0.0003), 0.1),
    Costs("processes", 80e-6, 1.5e-6, (0.004, 0.012), 9.0, 0.015),
)


def overhead_scene(payload_kib: int, costs: tuple[Costs, ...] = COSTS, **more: Any) -> Scene:
    """A block without work on 2 cores: each executor with 1 and with 2 workers."""
    items = 32 if payload_kib else 500
    base = items * 0.2e-6
    truths = [sequential(base)]
    for one in costs:
        each = one.item + 2 * payload_kib * one.kib
        fixed, worker = one.startup
        truths += [
            pool(one.executor, n, base + items * each, startup=fixed + n * worker,
                 memory=20.0 + n * one.memory, imports=one.imports)
            for n in (1, 2)
        ]  # fmt: skip
    params, label = {"payload_kib": payload_kib}, f"payload_kib={payload_kib}"
    made = Scene("overhead", "cpu", 2, tuple(truths), params, label, role="overhead", items=items)
    return replace(made, **more)


def standard() -> list[Scene]:
    """Scenes as large as the shipped grid: 26 blocks, about 450 approaches."""
    scenes: list[Scene] = []
    for cores in (1, 2):
        for task in ("math_python", "math_numpy", "data_processing", "machine_learning"):
            scenes.append(cpu_scene(task, cores))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            more = {"params": {"cpu_share": share}, "label": f"cpu_share={share}"}
            scenes.append(waiting_scene("mixed", cores, 0.2 + share / 20, 16, **more))
        for task in ("file_read", "http_request", "sqlite_query", "subprocess_jobs"):
            scenes.append(waiting_scene(task, cores))
    return scenes


def write(
    folder: Path, scenes: list[Scene], seed: int = 1, objective: str = "seconds", **machine: Any
) -> Path:
    """Write a whole results folder (not the tables made from it) and return it."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    name = machine.setdefault("machine", folder.name)
    launches: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    latencies: list[dict[str, Any]] = []
    for scene in scenes:
        _measure(scene, name, random, launches, samples)
        latencies += _latencies(scene, launches)
    schema.write(schema.LAUNCHES, launches, folder / "launches.csv")
    schema.write(schema.SAMPLES, samples, folder / "samples.csv")
    schema.write(schema.LATENCIES, latencies, folder / "latencies.csv")
    schema.write(schema.CEILING, _ceiling(name, scenes, random), folder / "ceiling.csv")
    _dump(folder / "machine.json", {**MACHINE, **machine})
    _dump(folder / "plan.json", _plan(name, scenes, objective))
    _dump(folder / "runs.json", [_run(scene, i) for i, scene in enumerate(scenes)])
    return folder


MACHINE: dict[str, Any] = {
    "fingerprint": "0f3a9c",
    "hostname": "bench",
    "os": "Linux",
    "kernel": "6.1.0",
    "architecture": "x86_64",
    "cpu_model": "Example CPU 3000",
    "logical_cpus": 2,
    "usable_cores": 2,
    "usable_cpus": [0, 1],
    "core_order": [0, 1],
    "quota_cores": None,
    "limits": ["affinity allows 2 of 2"],
    "smt": False,
    "numa_nodes": 1,
    "memory_mib": 8192,
    "governor": "performance",
    "virtualisation": "kvm",
    "affinity_supported": True,
    "interpreters": [
        {
            "interpreter": PYTHON,
            "executable": "/usr/bin/python3.11",
            "version": "3.11.7",
            "implementation": "cpython",
            "build": "GIL build",
            "gil": True,
        }
    ],
    "packages": {"numpy": "2.4.6", "aiohttp": "3.14.5"},
    "timer_resolution_seconds": 1e-9,
}


def _powers(most: int) -> list[int]:
    return [2**i for i in range(most.bit_length()) if 2**i <= most]


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _measure(
    scene: Scene,
    machine: str,
    random: np.random.Generator,
    launches: list[dict[str, Any]],
    samples: list[dict[str, Any]],
) -> None:
    for round_number in range(scene.rounds):
        weather = float(np.exp(random.normal(0, 2 * scene.noise)))
        for place, truth in enumerate(scene.truths):
            launch_id = f"{scene.name}-r{round_number}-{place}"
            launches.append(_launch(scene, truth, machine, launch_id, round_number))
            if truth.status == "ok":
                luck = weather * float(np.exp(random.normal(0, scene.noise)))
                batches = _batches(launch_id, truth.seconds * luck, random)
                samples.extend(batches[: truth.samples(round_number)])


def _latencies(scene: Scene, launches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Buckets of the items of a waiting scene's launches, whose rows get their quantiles."""
    if scene.kind != "waiting":
        return []
    return [
        {"launch_id": launch["launch_id"], "latency_ms": latency.middle_ms(number), "count": items}
        for launch in launches
        if launch["block"] == scene.name and launch["status"] == "ok"
        for number, items in sorted(_item_times(scene, launch).items())
    ]


def _item_times(scene: Scene, launch: dict[str, Any]) -> dict[int, int]:
    """Items by bucket, as many as fit into 0.25 s; the launch's row gets their quantiles.

    An item takes its share of the batch in its worker, give or take 10%; where the approach's p99
    latency is told, as much less or more as makes that one true. The numbers are drawn apart from
    the others, which stay the same for every kind of scene.
    """
    random = np.random.default_rng(zlib.crc32(launch["launch_id"].encode()))
    middle_ms = launch["profile_seconds"] * launch["workers"] / launch["items"] * 1000
    batches = max(1, round(0.25 / launch["profile_seconds"]))
    taken_ms = middle_ms * np.exp(random.normal(0, 0.1, min(batches, 25) * launch["items"]))
    p99_ms = launch["latency_p99_ms"]
    if p99_ms is not None:
        taken_ms *= p99_ms / quantile(sorted(taken_ms), 0.99)
    told = latency.summary([round(taken * 1e6) for taken in taken_ms])
    launch.update({name: told[name] for name in latency.QUANTILES})
    if p99_ms is not None:  # to the last digit: whole nanoseconds have taken it off by less than 1
        launch["latency_p99_ms"] = p99_ms
    buckets: dict[int, int] = told["buckets"]
    return buckets


def _launch(
    scene: Scene, truth: Truth, machine: str, launch_id: str, number: int
) -> dict[str, Any]:
    ok, weak = truth.status == "ok", scene.scaling == "weak"
    multiple = truth.workers if weak else 1
    cpu = truth.cpu if truth.cpu is not None else truth.seconds * min(truth.workers, scene.cores)
    measured = {
        "startup_seconds": truth.startup,
        "worker_import_seconds": truth.imports,
        "teardown_seconds": truth.startup / 10,
        "cpu_user_seconds": cpu * 0.9,
        "cpu_system_seconds": cpu * 0.1,
        "peak_memory_mib": truth.memory,
        "heartbeat_p50_ms": 0.1,
        "heartbeat_p99_ms": truth.heartbeat * 0.9,
        "heartbeat_max_ms": truth.heartbeat,
        "profile_seconds": truth.seconds,
        "lost_updates": truth.lost,
        "object_writes": None if truth.seen is None else 64,
        "seen_writes": truth.seen,
        "gil_at_start": truth.gil and truth.gil[0],
        "gil_at_end": truth.gil and truth.gil[1],
        # items are timed one by one in waiting tasks only
        "latency_p99_ms": truth.p99_ms if scene.kind == "waiting" else None,
    }
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "machine": machine,
        "launch_id": launch_id,
        "block": scene.name,
        "task": scene.task,
        "params": json.dumps(scene.params, sort_keys=True),
        "interpreter": truth.interpreter,
        "executor": truth.executor,
        "executor_options": json.dumps(truth.options, sort_keys=True),
        "workers": truth.workers,
        "cores": scene.cores,
        "round": number,
        "started_at": "2026-01-01T00:00:00Z",
        "status": truth.status,
        "reason": truth.reason,
        "items": scene.items * multiple,
        "batch_multiple": multiple if weak else None,  # as in files of before there was one
        "foreign_cpu_share": 0.01,
        "steal_share": 0.0,
        "disturbed": scene.disturbed,
        "code_digest": "c0de",
        "load_1min": 0.5,
        "launch_seconds": 1.0,
        **(measured if ok else {}),
    }


def _batches(launch_id: str, seconds: float, random: np.random.Generator) -> list[dict[str, Any]]:
    wall = [seconds * 1.05, *(seconds * np.exp(random.normal(0, 0.001, 3)))]
    phases = ["cold", "steady", "steady", "steady"]
    numbers = [0, 0, 1, 2]
    return [
        {"launch_id": launch_id, "phase": phase, "batch": batch, "wall_seconds": float(value)}
        for phase, batch, value in zip(phases, numbers, wall, strict=True)
    ]


def _ceiling(
    machine: str, scenes: list[Scene], random: np.random.Generator
) -> list[dict[str, Any]]:
    rows = []
    for repeat in range(3):
        for cores in sorted({scene.cores for scene in scenes} | {1}):
            speedup = cores**0.97 * float(np.exp(random.normal(0, 0.003))) if cores > 1 else 1.0
            wall = 0.2 * cores / speedup
            rows.append(
                {
                    "machine": machine,
                    "cores": cores,
                    "repeat": repeat,
                    "wall_seconds": wall,
                    "speedup": speedup,
                }
            )
    return rows


def _plan(machine: str, scenes: list[Scene], objective: str) -> dict[str, Any]:
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "machine": machine,
        "preset": "standard",
        "seed": 20260101,
        "digest": "p1an",
        "code_digest": "c0de",
        "settings": {"preset": "standard", "objective": objective},
        "statistics": {"alpha": 0.05, "margin": 0.05, "looks": [3, 5, 8, 12]},
        "blocks": [_plan_block(scene, objective) for scene in scenes],
        "estimate": {"launches": 100, "seconds": 60.0},
    }


def _plan_block(scene: Scene, objective: str) -> dict[str, Any]:
    used = effective(objective, scene.kind).name
    return {
        **({"control": True, "statistics": {"alpha": 0.02}} if scene.control else {}),
        **({"role": scene.role} if scene.role != "answer" else {}),
        **({"scaling": "weak"} if scene.scaling == "weak" else {}),
        **({"own": dict(scene.own)} if scene.own else {}),
        "block": scene.name,
        "digest": "b10c",
        "task": scene.task,
        "params": dict(scene.params),
        "params_label": scene.label,
        "summary": scene.summary,
        "kind": scene.kind,
        "objective": used,
        "objective_note": "" if used == objective else NOT_TIMED,
        "cores": scene.cores,
        "cpus": list(range(scene.cores)),
        "min_items": 8,
        "approaches": [
            {
                "approach": truth.label,
                "interpreter": truth.interpreter,
                "executor": truth.executor,
                "options": dict(truth.options),
                "workers": truth.workers,
                "simplicity": 0 if scene.control else rank,
                **({"primitives": truth.primitives} if truth.primitives else {}),
            }
            for rank, truth in enumerate(scene.truths)
        ],
        "not_run": [
            *({"approach": label, "reason": reason} for label, reason in scene.not_run),
            *(
                {"approach": label, "reason": reason, "status": "unsupported"}
                for label, reason in scene.unsupported
            ),
        ],
    }


def _run(scene: Scene, place: int) -> dict[str, Any]:
    return {
        "block": scene.name,
        "items": scene.items,
        "item_kib": scene.kib,
        "result_kib": scene.kib,
        "scale": 10,
        "item_ms": 3.1,
        "batch_seconds": scene.truths[0].seconds,
        "rounds": scene.rounds,
        "launches": scene.rounds * len(scene.truths),
        "samples": sum(one.samples(n) for one in scene.truths for n in range(scene.rounds)),
        "stopped_because": scene.stopped,
        "wall_seconds": 20.0 + place / 4,
        "timed_seconds": 9.0,
        "flags": list(scene.flags),
        "services": {},
    }
