"""What a task and an executor must be: the two protocols of the measured half."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple, Type

from experiments.launch.cores import Taken


@dataclass(frozen=True)
class Context:
    """Where a task finds its files and servers. Picklable: it travels to worker processes."""

    scratch: str
    services: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class TaskRef:
    """Names a task so that a worker can make its own instance of it. Picklable.

    With `latencies` that instance has to be a `recorded` one (see latency.py), as the one that the
    executor is given already is.
    """

    name: str
    params: Dict[str, Any]
    context: Context
    latencies: bool = False


class OtherNodes(Protocol):
    """What has to be known of nodes beside the launch's own; `Keepers` tell it."""

    def try_cores(self) -> None:
        """Have every node try its cores, as `CoreSpeed` does here, without waiting for it."""

    def core_seconds(self) -> float:
        """Wait for these tries: seconds of the slowest core."""

    def taken_at_end(self) -> Taken:
        """After the executor's `stop`: what others took, of the most disturbed node."""


@dataclass(frozen=True)
class SharedKit:
    """Makes state that all workers of an executor can see, with the primitives that fit it.

    `Lock()` and `Semaphore(n)` give objects used as `with lock:` (asyncio: `async with`);
    `counter()` gives an object with an integer attribute `value` and no lock of its own.
    """

    Lock: Callable[[], Any]
    Semaphore: Callable[[int], Any]
    counter: Callable[[], Any]
    #: the loop's own `await sleep(seconds)`; None: asyncio's, or there is no loop
    sleep: Optional[Callable[[float], Any]] = None


class Task:
    """A kind of work with parameters. Subclasses override what they need.

    One instance lives in the main process and one in each worker process; they are never pickled.
    `run` is called from several threads of one process under thread executors, so a connection or
    a file handle "per worker" is kept in a `threading.local`.
    """

    name = ""
    #: "cpu" or "waiting": which worker counts `auto` gives; the verdict's class is measured
    kind = "cpu"
    #: modules that must be importable (found with find_spec, not imported, before the launch)
    requires: Tuple[str, ...] = ()
    #: further modules needed by `arun`
    requires_async: Tuple[str, ...] = ()
    #: services the conductor must start, by name
    services: Tuple[str, ...] = ()
    #: parameters that a block's services are started with: the same for all its approaches
    block_params: Tuple[str, ...] = ()
    #: every parameter with its default; `item_ms` among them means the work per item is scaled
    defaults: Dict[str, Any] = {}
    #: an item keeps its cost even where a batch gets long: its parts stand in a proportion
    exact_item = False
    #: one line for the report: what an item really does
    summary = ""
    #: answers are strings and None: a trip through JSON, which takes its time, changes nothing
    plain_answers = False
    #: whether `arun` is a native coroutine (else asyncio runs `run` on the loop, blocking it)
    native_async = False
    #: whose loops `arun` works on; "trio" only if it awaits nothing but what the kit gave
    async_libraries: Tuple[str, ...] = ("asyncio",)
    #: what the user can do where `arun` works on others too: follows "..., which trio is not"
    async_advice = ""
    #: whether `share` makes its state of what the kit gives: then executors with other primitives
    #: than the sequential program's do other work
    uses_kit = False

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        self.params = params
        self.context = context

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """A message for a bad parameter value (names the parameter, what is allowed), or None."""
        return None

    @classmethod
    def bound_to_node(cls, params: Dict[str, Any]) -> Optional[str]:
        """Why no other node of a cluster can do its items (a sentence), or None."""
        if cls.services:
            return f"the {cls.services[0]} server of its items listens on its own node only"
        return None

    @classmethod
    def label_value(cls, name: str, value: Any) -> str:
        """A parameter's value as labels and block names show it."""
        return str(value)

    def prepare(self, count: int, scale: int) -> None:
        """Make files and databases in the scratch folder unless they are there; never timed."""

    def make_items(self, count: int, scale: int) -> List[Any]:
        """The block's fixed list of items: picklable, the same each time."""
        raise NotImplementedError

    def share(self, kit: SharedKit) -> Any:
        """State seen by all workers, made in the main process before they start (default None)."""
        return None

    def start_worker(self, shared: Any) -> None:
        """Called once in every worker process, or once in the main one where workers live there."""

    def run(self, item: Any) -> Any:
        """Do one item."""
        raise NotImplementedError

    async def arun(self, item: Any) -> Any:
        """Do one item as a coroutine (only where `native_async`)."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what `arun` opened on the loop."""

    def before_batch(self) -> None:
        """Untimed, in the main process, before every batch (drop caches, reset counters)."""

    def after_batch(self) -> Dict[str, int]:
        """Untimed, after every batch: counts of the task's own ({"lost_updates": n})."""
        return {}

    def answer(self, results: List[Any]) -> List[Any]:
        """Results as a small JSON list, one entry an item, computed outside the timing."""
        return results

    def distinct(self, count: int) -> int:
        """How many of a batch's first items are all it has: from there on they come once more, in
        the same order, and one answer of each is kept. `make_items` has been called before."""
        return count

    def same(self, expected: Any, got: Any) -> bool:
        """Whether two entries of `answer` are the same (after a trip through JSON)."""
        return bool(expected == got)

    def close(self) -> None:
        """Close what `run` opened in this process."""


@dataclass(frozen=True)
class Elsewhere:
    """What workers outside the launch's process tree have used since they began; memory now."""

    user_seconds: float
    system_seconds: float
    #: None where the system doesn't tell
    memory_mib: Optional[float]
    #: CPU seconds that they used on this machine: no work of others
    here_seconds: float
    #: they began with this launch, so all of it is the launch's own
    since_launch: bool = False


class Unsupported(Exception):
    """This executor can't do that here: a result with a reason, never an error."""


class Executor:
    """A way of running items, with its options. One instance a launch."""

    name = ""
    #: every option with its default
    defaults: Dict[str, Any] = {}
    #: a batch runs on the main thread: its heartbeat stops for the whole batch
    blocks_main = False
    #: ignores the worker count (always 1)
    single = False
    #: modules that must be importable (found with find_spec; imported before anything is measured)
    requires: Tuple[str, ...] = ()
    #: runs `arun` where the task has it
    on_loop = False
    #: options that a plan measures at each of these values, the main one first
    levels: Dict[str, Tuple[Any, ...]] = {}

    @classmethod
    def runs_arun(cls, task: Any) -> bool:
        """Whether items of the task (a class, or an instance) are done by its `arun`."""
        return cls.on_loop and bool(task.native_async)

    @classmethod
    def modules_of(cls, task: Type[Task]) -> Tuple[str, ...]:
        """What the task needs under this executor."""
        return (*task.requires, *(task.requires_async if cls.runs_arun(task) else ()))

    @classmethod
    def all_options(cls, given: Dict[str, Any]) -> Dict[str, Any]:
        """Those given, and the others' defaults."""
        return {**cls.defaults, **given}

    @classmethod
    def check_options(cls, given: Dict[str, Any]) -> Optional[str]:
        """A message for given options that can't go together (what is allowed), or None."""
        return None

    def __init__(self, ref: TaskRef, task: Task, workers: int, options: Dict[str, Any]) -> None:
        self.ref, self.task, self.workers, self.options = ref, task, workers, options

    @classmethod
    def enter(cls) -> None:
        """Called where `requires` is there, before that, the task and most else are imported."""

    @classmethod
    def pickles(cls, options: Dict[str, Any]) -> bool:
        """Whether items and results are pickled on their way to the workers and back."""
        return cls.in_processes(options)

    @classmethod
    def primitives(cls, task: Any, options: Dict[str, Any]) -> str:
        """Whose locks, semaphores and counters the kit gives to the task: a module's name."""
        return "multiprocessing" if cls.in_processes(options) else "threading"

    @classmethod
    def in_processes(cls, options: Dict[str, Any]) -> bool:
        """Whether every worker is a process: config key `most_processes` bounds their number."""
        return False

    @classmethod
    def over_nodes(cls, options: Dict[str, Any]) -> bool:
        """Whether it can spread its workers over as many nodes as its option `nodes` says."""
        return False

    @classmethod
    def unsupported(cls, task: Task, options: Dict[str, Any]) -> Optional[str]:
        """Why this interpreter or platform can't run it (a sentence), or None."""
        return None

    def start(self) -> None:
        """Create the pool; return when every worker has really started and imported the task."""
        raise NotImplementedError

    def import_seconds(self) -> List[float]:
        """After `start`: what each worker process spent importing the task; empty without any."""
        return []

    def run(self, items: List[Any]) -> List[Any]:
        """Run all items, at most `workers` in progress at once; results in the items' order."""
        raise NotImplementedError

    def run_beating(self, items: List[Any], beats: Any) -> List[Any]:
        """`run` while the main thread (or loop) keeps a heartbeat in `beats` (see heartbeat.py)."""
        raise NotImplementedError

    def elsewhere(self) -> Optional[Elsewhere]:
        """Between `start` and `stop`: of workers not below this process; None without any."""
        return None

    def elsewhere_at_end(self) -> Optional[float]:
        """After `stop`: `here_seconds` of workers that have begun with this launch, and ended."""
        return None

    def other_nodes(self) -> Optional[OtherNodes]:
        """After `start`: those that the launch has beside its own; None without any."""
        return None

    def stop(self) -> None:
        """Shut the pool down and wait until every worker has ended."""
        raise NotImplementedError
