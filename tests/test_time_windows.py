"""When a window of the week opens: by the clocks of its place, also when they are moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.time_windows import DAYS, Day, Window, duration, spelled

BERLIN = "Europe/Berlin"
WORK: tuple[Day, ...] = DAYS[:5]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-05 09:00", None),
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-05 16:59:59", None),
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-05 17:00", "2026-01-06 09:00 UTC"),
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-05 08:59", "2026-01-05 09:00 UTC"),
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-09 17:00", "2026-01-12 09:00 UTC"),
        (Window("09:00-17:00", WORK, "UTC"), "2026-01-10 12:00", "2026-01-12 09:00 UTC"),
        (Window("09:00-17:00", (), BERLIN), "2026-01-05 08:00", None),
        (Window("09:00-17:00", (), BERLIN), "2026-01-05 07:59", "2026-01-05 08:00 UTC"),
        (Window("09:00-17:00", (), BERLIN), "2026-07-06 07:00", None),
        (Window("", ("mon",), "UTC"), "2026-01-05 23:59", None),
        (Window("", ("mon",), "UTC"), "2026-01-06 00:00", "2026-01-12 00:00 UTC"),
        (Window("", ("mon",), BERLIN), "2026-01-04 23:00", None),
        (Window("18:00-24:00", (), "UTC"), "2026-01-05 23:59", None),
        (Window("18:00-24:00", (), "UTC"), "2026-01-06 00:00", "2026-01-06 18:00 UTC"),
        # overnight hours belong to the day on which they begin
        (Window("22:00-06:00", ("fri",), "UTC"), "2026-01-10 05:59", None),
        (Window("22:00-06:00", ("fri",), "UTC"), "2026-01-09 05:00", "2026-01-09 22:00 UTC"),
        # Berlin's clocks skip from 02:00 to 03:00 on 2026-03-29, and stay at 02:xx on 2026-10-25
        (Window("02:30-04:00", (), BERLIN), "2026-03-29 01:29", "2026-03-29 01:30 UTC"),
        (Window("02:30-04:00", (), BERLIN), "2026-03-29 01:59", None),
        (Window("09:00-17:00", (), BERLIN), "2026-03-28 16:00", "2026-03-29 07:00 UTC"),
        (Window("01:00-03:30", (), BERLIN), "2026-10-25 02:29", None),
    ],
)
def test_when_it_opens(window: Window, now: str, opens: str | None) -> None:
    opening = window.opening(moment(now))
    assert (opening and spelled(opening)) == opens


@pytest.mark.parametrize("window", [Window("22:00-06:00", ("tue", "sat"), BERLIN)])
def test_it_is_open_the_moment_it_said_and_not_before(window: Window) -> None:
    now = moment("2026-01-01 00:00")
    for _ in range(24 * 21):
        opening = window.opening(now)
        if opening is not None:
            assert opening > now
            assert window.opening(opening) is None
            assert window.opening(opening - timedelta(seconds=1)) == opening
        now += timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(days=7)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "2", "h", "2 h", "-2h", "0h", "1.5h", "2h\n", "99999w", "P1D"]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)
