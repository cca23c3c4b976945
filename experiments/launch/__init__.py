"""The half that runs INSIDE the measured interpreter (CPython 3.9 to 3.14, free-threaded too).

Standard library only, except a task or executor that names its own requirement. One launch is one
fresh process, started as `python -m experiments.launch` with PYTHONPATH at the project's root.

The spec is one JSON object on standard input:

    launch_id    text
    mode         "measure", or "calibrate" (sequential: find the scale, then time one batch and
                 report the expected answers), or "answers" (the same of a given
                 scale, and of one batch only), or "check" (of a function of the user's: look at
                 it and try a few items, before anything is measured)
    task         registered name               params    object, complete
    items        items in a batch              scale     work per item (>= 1; 1 where it has none)
    item_seconds wanted cost of an item (calibrate only; null: keep scale 1)
    executor     registered name               options   object       workers   integer >= 1
    cpus         logical CPUs to run on, or null where the platform has no affinity
    core_limit_seconds  the longest try of a core that runs at its own speed (core_speed.py), or
                 null: every batch counts as calm
    batches      smallest number of steady batches
    steady_seconds  steady batches go on until this much is timed (at most `most_batches`) in calm
                 batches, or three times that in any
    most_batches largest number of steady batches
    profile      whether to run the profile batch
    latencies    whether to record how long each item of the steady batches takes (measure only)
    expected     the sequential answers (JSON list), or null (nothing to check against)
    services     {"http": {"host": "127.0.0.1", "port": 1}, ...}
    scratch      folder for the task's files; what `prepare` makes there is shared by all launches
    seed         integer
    events       number of the inherited file descriptor the events go to

Events are one JSON object a line, written on that descriptor and nowhere else (what the measured
code prints goes to standard output and error, which the conductor keeps in the block's log):

    {"event": "hello", "pid", "python", "implementation", "gil": true|false|null}
    {"event": "unsupported", "reason"}                         the last event of its launch
    {"event": "phase", "name": "import"|"prepare"|"startup"|"cold"|"steady"|"profile"|"teardown"}
    {"event": "startup", "seconds",
        "worker_import_seconds": median over worker processes}  null: there are none
    {"event": "batch", "phase": "cold"|"steady", "batch", "wall_seconds",
        "core_seconds": slowest try of all nodes' cores right before and after it,
        "calm": true|false|null}                               null: no limit was given
    {"event": "wrong", "reason"}                               an answer differs; the launch ends
    {"event": "failed", "phase", "reason"}                     an exception: its type and message
    {"event": "profile", "profile_seconds", "cpu_user_seconds", "cpu_system_seconds",
        "voluntary_switches", "involuntary_switches", "heartbeat_p50_ms", "heartbeat_p99_ms",
        "heartbeat_max_ms", "peak_memory_mib"}                 null = unknown
    {"event": "extras", "lost_updates", "object_writes", "seen_writes"}
                                                               what the task itself counted, summed
                                                               over timed batches
    {"event": "latencies", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "buckets"}
                                                               over the items of calm steady
                                                               batches (of all if none is calm);
                                                               buckets: {number: items}, see
                                                               latency.py
    {"event": "elsewhere", "cpu_seconds"}                      since start-up, on this machine, of
                                                               workers that the launch didn't start
    {"event": "teardown", "seconds"}
    {"event": "other_nodes", "foreign_cpu_share", "steal_share", "throttle_events",
        "quota_throttled_share"}                               of a launch over several: of each
                                                               the largest of the nodes beside
                                                               the one that it began on
    {"event": "calibrated", "scale", "item_seconds", "batch_seconds", "expected",
        "item_kib", "result_kib": mean size when pickled}      null: can't be pickled
    {"event": "checked", "problem", "role", "files", "items", "item_seconds", "tried_items",
        "cpu_share", "kind", "unpicklable", "answers", "sampled", "notes"}
                                                               see own_check.py; after a problem
                                                               there is nothing else; of a second
                                                               process, items, sampled and answers
    {"event": "gil", "enabled": true|false|null}               at the end of a launch that went
                                                               well: an import may have switched
                                                               it on since hello
    {"event": "end"}                                           without it the launch has crashed

Exit status is 0 after "end", "unsupported", "wrong" or "failed" were written.
"""
