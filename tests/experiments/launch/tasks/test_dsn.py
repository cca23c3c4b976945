"""What a connection string may hold, and what is shown of it."""

from __future__ import annotations

import pytest

from experiments.launch.tasks import dsn
from experiments.settings import ConfigError
from experiments.task_points import task_points

SECRET = "hunter2"
WITH_SECRET = [
    f"postgresql://app:{SECRET}@db.example.org/shop",
    f"postgres://app:{SECRET}@db.example.org:5433/shop?sslmode=require",
    f"postgresql://db.example.org/shop?password={SECRET}",
    f"postgresql://db.example.org/shop?user=app&sslpass%77ord={SECRET}",
    f"host=db.example.org dbname=shop password={SECRET}",
    f"host=db.example.org password = '{SECRET} x' dbname=shop",
    f"host=db.example.org oauth_client_secret={SECRET}",
]
UNREADABLE = [
    f"postgresql://app:{SECRET}/x@db.example.org/shop",  # to libpq a host `app` with a port
    f"postgresql://app:{SECRET}@x@db.example.org/shop",
    f"app:{SECRET}@db.example.org/shop",
    f"mysql://app:{SECRET}@db.example.org/shop",
    f"host=db.example.org {SECRET}",
    "",
    "shop",
    7,
    None,
    ["a"],
    "$",
    "$NOT-A-NAME",
]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "shows"),
    [
        ("temporary", "temporary"),
        ("postgresql://db.example.org/shop", "db.example.org/shop"),
        ("postgresql://app@db.example.org:5433/shop", "db.example.org:5433/shop"),
        ("postgresql://app@[::1]:5433/shop", "[::1]:5433/shop"),
        ("postgresql:///shop?host=/run/postgresql&port=5433", "/run/postgresql:5433/shop"),
        ("postgresql://%2Frun%2Fpostgresql/shop", "/run/postgresql/shop"),
        ("host=db.example.org port=5433 dbname='shop' user=app", "db.example.org:5433/shop"),
        ("service=shop_service", "local/shop_service"),
        ("dbname=shop", "local/shop"),
    ],
)
def test_host_and_database_are_shown(given: str, shows: str) -> None:
    assert dsn.problem(given) is None
    assert dsn.shown(given) == shows


@pytest.mark.parametrize("given", WITH_SECRET)
def test_a_password_is_refused_with_what_to_do_and_not_repeated(given: str) -> None:
    assert dsn.problem(given) == dsn.NO_PASSWORD
    assert SECRET not in dsn.NO_PASSWORD


@pytest.mark.parametrize("given", UNREADABLE)
def test_what_is_no_connection_string_is_refused_and_not_repeated(given: object) -> None:
    assert dsn.problem(given) == dsn.SHAPES


@pytest.mark.parametrize("value", WITH_SECRET[:5])
def test_a_variable_may_hold_a_password_and_shows_only_where_it_leads(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DSN", value)

    assert dsn.problem("$SHOP_DSN") is None
    assert dsn.resolved("$SHOP_DSN") == value
    assert dsn.shown("$SHOP_DSN").removesuffix("/shop") in (
        "db.example.org", "db.example.org:5433",
    )  # fmt: skip


def test_a_variable_that_is_not_set_or_holds_nothing_of_use_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SHOP_DSN", raising=False)
    assert (
        dsn.problem("$SHOP_DSN") == "dsn names the environment variable SHOP_DSN, which is not set"
    )
    monkeypatch.setenv("SHOP_DSN", f"app:{SECRET}@db")
    said = dsn.problem("$SHOP_DSN")
    assert said is not None
    assert "environment variable SHOP_DSN is no connection string" in said
    assert SECRET not in said


def test_the_label_of_a_block_names_host_and_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DSN", WITH_SECRET[0])
    (point,) = task_points([{"task": "postgres_query", "params": {"dsn": "$SHOP_DSN"}}])

    assert point.label == "dsn=db.example.org/shop"
    assert point.params["dsn"] == "$SHOP_DSN"


@pytest.mark.parametrize("given", [*WITH_SECRET, *UNREADABLE[:5]])
def test_a_config_with_a_password_is_one_line_without_it(given: str) -> None:
    with pytest.raises(ConfigError, match=r"^config key 'tasks\.0\.params': dsn must ") as caught:
        list(task_points([{"task": "postgres_query", "params": {"dsn": given}}]))

    assert SECRET not in str(caught.value)
