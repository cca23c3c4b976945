from __future__ import annotations

from typing import Any

import pytest

from experiments.settings import ConfigError, resolve
from tests.experiments.facts import plan

SHARE: dict[str, Any] = {"task": "mixed", "vary": "cpu_share", "between": [0, 0.96]}


def complaint(**entry: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        plan(breakeven=[{**SHARE, **entry}])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def searched(**entry: Any) -> dict[str, Any]:
    (search,) = plan(breakeven=[{**SHARE, **entry}])["searches"]
    return dict(search)


def test_a_search_is_completed_from_the_grid() -> None:
    search = searched()
    assert search["executors"] == ["sequential", "threads"]
    assert search["axis"] == {
        "low": 0.0, "high": 0.96, "resolution": 0.03, "log": False, "whole": False,
    }  # fmt: skip
    assert search["search"] == "mixed-cpu_share"


def test_a_wide_range_is_searched_by_ratio() -> None:
    axis = searched(vary="item_ms", between=[0.02, 20])["axis"]
    assert axis["log"]
    assert axis["resolution"] ** 32 == pytest.approx(1000)
    assert not searched(vary="item_ms", between=[1, 20])["axis"]["log"]
    assert searched(vary="item_ms", between=[1, 20], scale="log")["axis"]["log"]


def test_counts_stay_whole() -> None:
    assert searched(task="ipc", vary="payload_kib", between=[4, 64])["axis"]["whole"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"task": "mixd"}, "config key 'breakeven.0': unknown task 'mixd'"),
        ({"vary": "share"}, "config key 'breakeven.0.vary': mixed has no numeric parameter 'share'"
         "; it has cpu_share, item_ms"),
        ({"task": "ipc", "vary": "via"}, "config key 'breakeven.0.vary': ipc has no numeric "
         "parameter 'via'; it has payload_kib"),
        ({"between": [0.5, 0.1]}, "config key 'breakeven.0.between': must rise, got 0.5 and 0.1"),
        ({"between": [0, 2]}, "config key 'breakeven.0.between.params': cpu_share must be a "
         "number from 0 to 1, got 2.0"),
        ({"scale": "log"}, "config key 'breakeven.0.between': a log scale must begin above 0"),
        ({"vary": "item_ms", "between": [1, 100], "resolution": 0.5}, "config key "
         "'breakeven.0.resolution': on a log scale it is a ratio above 1, got 0.5"),
        ({"task": "ipc", "vary": "payload_kib", "between": [1.5, 9]}, "config key "
         "'breakeven.0.between': payload_kib takes whole numbers only"),
        ({"params": {"cpu_share": 0.5}}, "config key 'breakeven.0.params': one value for each of "
         "the other parameters, 'cpu_share' belongs into vary and between"),
        ({"params": {"item_ms": [1, 2]}}, "config key 'breakeven.0.params': one value for each of "
         "the other parameters, 'cpu_share' belongs into vary and between"),
        ({"executors": ["threads"]}, "config key 'breakeven.0.executors': nothing to compare: name "
         "another one"),
        ({"executors": ["threads", "thread"]}, "config key 'breakeven.0.executors.1': unknown "
         "executor 'thread'"),
        ({"compare": {"cpu_share": [0, 1]}}, "config key 'breakeven.0.compare': 'cpu_share' stands "
         "in the search already"),
        ({"task": "ipc", "vary": "payload_kib", "between": [4, 64],
          "compare": {"via": ["pickle", "post"]}}, "config key 'breakeven.0.compare.params': via "
         "must be one of pickle, shared_memory, got 'post'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_key(entry: dict[str, Any], said: str) -> None:
    assert complaint(**entry).startswith(said)


def test_what_the_schema_refuses_names_the_key_too() -> None:
    with pytest.raises(ConfigError, match=r"config key 'breakeven\.0\.betwen': unknown; did you"):
        resolve({"breakeven": [{"task": "mixed", "vary": "cpu_share", "betwen": [0, 1]}]})


def test_who_names_tasks_gets_no_searches_unless_named() -> None:
    assert resolve({})["breakeven"]
    assert resolve({"tasks": ["mixed"]})["breakeven"] == []
    assert resolve({"tasks": ["mixed"], "breakeven": [SHARE]})["breakeven"] == [SHARE]


def test_searches_change_the_plans_digest_but_no_blocks() -> None:
    with_it, without = plan(breakeven=[SHARE]), plan()
    assert with_it["digest"] != without["digest"]
    assert [b["digest"] for b in with_it["blocks"]] == [b["digest"] for b in without["blocks"]]


def test_what_a_server_is_started_with_is_not_compared_within_a_block() -> None:
    assert complaint(
        task="postgres_query", vary="item_ms", between=[1, 10],
        compare={"dsn": ["temporary", "host=a"]},
    ) == (
        "config key 'breakeven.0.compare': 'dsn' is one for a whole block: name its values in "
        "'tasks'"
    )  # fmt: skip
