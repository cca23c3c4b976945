"""The RO-Crate of a bundle, held against the profile it says it keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import rocrate
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import Severity
from rocrate_validator.utils.http import HttpRequester

from experiments import schema
from reports.bundle.contents import CRATE

Files = dict[str, bytes]
#: recommended, and left out: a person or organisation would have to be asked for
NOBODY = {"agent", "author", "publisher", "url", "absolute URI"}
CONTEXT = "https://w3id.org/ro/crate/1.1/context"


@pytest.fixture(scope="module")
def entities(whole: Files) -> dict[str, dict[str, Any]]:
    graph = json.loads(whole[CRATE])["@graph"]
    assert len({one["@id"] for one in graph}) == len(graph)
    return {one["@id"]: one for one in graph}


def test_every_file_is_described(whole: Files, entities: Mapping[str, Any]) -> None:
    for name, data in whole.items():
        if name != CRATE:
            one = entities[name]
            assert one["sha256"] == hashlib.sha256(data).hexdigest()
            assert one["contentSize"] == str(len(data))
            assert one["encodingFormat"]
            assert one["description"]


def test_every_column_is_described(entities: Mapping[str, Any]) -> None:
    for table in schema.TABLES.values():
        columns = entities[entities[f"{table.name}.csv"]["csvw:tableSchema"]["@id"]]["csvw:column"]
        found = [entities[one["@id"]] for one in columns]
        assert [one["csvw:name"] for one in found] == table.names
        assert [one["description"] for one in found] == [one.meaning for one in table.columns]
    assert entities["#samples.wall_seconds"]["unitText"] == "s"
    assert entities["#samples.wall_seconds"]["csvw:datatype"] == "double"
    assert entities["#summary.latency_p99_high_ms"]["unitText"] == "ms"
    assert "unitText" not in entities["#samples.launch_id"]


def test_the_run_is_an_action(entities: Mapping[str, Any]) -> None:
    [action] = [one for one in entities.values() if one["@type"] == "CreateAction"]

    assert action["startTime"] == "2026-01-01T00:00:00+00:00"
    assert action["endTime"] == "2026-01-01T00:00:01+00:00"
    assert entities[action["instrument"]["@id"]]["softwareVersion"] == "0.1.0"
    assert {one["@id"] for one in action["object"]} == {"machine.json", "plan.json", "config.json"}
    assert {"launches.csv", "report.html"} <= {one["@id"] for one in action["result"]}
    assert entities["./"]["datePublished"] == action["endTime"]


def test_the_library_reads_it_again(whole: Files, tmp_path: Path) -> None:
    unpack(whole, tmp_path)

    assert ROCrate(tmp_path).name == "Poolwise results of bench"


def test_it_keeps_the_profile(
    whole: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline: the words of RO-Crate come from the library's copy, a later one with the same."""
    monkeypatch.setattr(HttpRequester, "get", staticmethod(from_library), raising=False)
    unpack(whole, tmp_path)
    asked = services.ValidationSettings(
        rocrate_uri=str(tmp_path),
        profile_identifier="process-run-crate-0.5",
        requirement_severity=Severity.RECOMMENDED,
        offline=True,
    )
    said = [str(issue.message) for issue in services.validate(asked).get_issues()]

    assert [one for one in said if not any(word in one for word in NOBODY)] == []


def unpack(files: Files, folder: Path) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def from_library(url: str, *_: object, **__: object) -> requests.Response:
    assert url == CONTEXT
    answer = requests.Response()
    answer.status_code, answer.url = 200, url
    answer.headers["Content-Type"] = "application/ld+json"
    answer._content = (Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_bytes()
    return answer
