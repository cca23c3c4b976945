"""Settings of the race refuse what would make its promises void."""

import pytest

from experiments.statistics import RaceSettings


def test_settings_come_from_the_plan_as_json_gives_them():
    settings = RaceSettings.from_mapping({"alpha": 0.1, "looks": [3, 5], "settle": [0.5, 1.0]})
    assert settings == RaceSettings(alpha=0.1, looks=(3, 5))


def test_an_unknown_setting_is_named():
    with pytest.raises(ValueError, match="not a setting of the race: 'lucks'"):
        RaceSettings.from_mapping({"lucks": [3, 5]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"alpha": 0}, "alpha must lie between 0 and 1, not 0"),
        ({"alpha": 1.0}, "alpha"),
        ({"margin": 0.0}, "margin must be above 0"),
        ({"looks": ()}, "looks must be rising"),
        ({"looks": (1, 3)}, "looks must be rising round numbers from 2 on"),
        ({"looks": (3, 3)}, "looks must be rising"),
        ({"looks": (5, 3)}, "looks must be rising"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        RaceSettings(**values)
