"""Schedules in English: what people read, and that nothing is lost."""

from __future__ import annotations

import itertools

import pytest

from databricks_alerts.quartz import QuartzError, in_words, parse

# What teams write (tutorials, issues, packs), and what is said of it.
SAID = {
    "0 * * * * ?": "every minute",
    "0 */15 * * * ?": "every 15 minutes",
    "0 0/5 * * * ?": "every 5 minutes",
    "0 0 * * * ?": "every hour",
    "0 5 * * * ?": "at minute 5 of every hour",
    "0 0 */4 * * ?": "every 4 hours",
    "0 0 8-18 * * ?": "every hour from 08:00 to 18:00",
    "0 0 6 * * ?": "at 06:00 every day",
    "0 0 8,12 1,15 * ?": "at 08:00 and 12:00 on days 1 and 15 of the month",
    "15 0 8 * * ?": "at 08:00:15 every day",
    "0 0 8 ? * 2": "at 08:00 on Mondays",
    "0 30 8 ? * MON-FRI": "at 08:30 from Monday to Friday",
    "0 0 0 ? * SAT,SUN": "at 00:00 on Saturdays and Sundays",
    "0 0 9 ? * FRI-MON": "at 09:00 on Mondays, Fridays, Saturdays and Sundays",
    "0 */10 8-17 ? * MON-FRI": "every 10 minutes of hours 8 to 17 from Monday to Friday",
    "0 0 9 L * ?": "at 09:00 on the last day of the month",
    "0 0 9 LW * ?": "at 09:00 on the weekday nearest to the last day of the month",
    "0 0 9 15W * ?": "at 09:00 on the weekday nearest to day 15 of the month",
    "0 0 9 L-3 * ?": "at 09:00 on day 3 before the month's last",
    "0 0 9 ? 1,7 6#3 2027": "at 09:00 on the third Friday of the month in January and July in 2027",
    "0 0 9 ? * 6L": "at 09:00 on the last Friday of the month",
    "* * * * * ?": "every second",
}  # fmt: skip
SECONDS = ["0", "*", "5", "0/30", "5/30", "0,7"]
MINUTES = ["0", "*", "5", "*/15", "3/15", "0,7", "1-9", "0/7"]
HOURS = ["0", "*", "8", "*/4", "1/4", "8-17", "22-2", "8,12,16", "0/5"]
DAYS = [
    "* * ?", "1 * ?", "1,15 * ?", "1-31 * ?", "*/2 * ?", "31 * ?", "L * ?", "L-3 * ?", "LW * ?",
    "L-3W * ?", "15W * ?", "? * *", "? * 1", "? * 2", "? * L", "? * 7L", "? * 2L", "? * 2#1",
    "? * 2#5", "? * 2-6", "? * 6-2", "? * 1,7", "? * SAT", "? * 1-7", "* 1 ?", "* 1,2 ?",
    "? 1 2", "* 1/2 ?", "* * ? 2027", "* * ? 2027-2029", "1 1 ? 2028",
]  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_people_read_what_a_schedule_says(text: str) -> None:
    assert in_words(text) == SAID[text]


def test_two_schedules_that_are_described_alike_fire_alike() -> None:
    texts = [
        f"{second} {minute} {hour} * * ?"
        for second, minute, hour in itertools.product(SECONDS, MINUTES, HOURS)
    ]
    texts += [f"0 0 8 {days}" for days in DAYS]
    texts += [f"0 */15 8-9 {days}" for days in DAYS]
    meanings: dict[str, tuple[object, str]] = {}
    for text in texts:
        said, meaning = in_words(text), _meaning(text)
        before, other = meanings.setdefault(said, (meaning, text))
        assert before == meaning, (said, text, other)
    assert len(meanings) > 400


def test_an_illegal_schedule_has_no_words() -> None:
    with pytest.raises(QuartzError, match="5 fields"):
        in_words("0 8 * * *")


def _meaning(text: str) -> tuple[object, ...]:
    found = parse(text)
    days = [tuple(sorted(found.days(2027, month))) for month in found.months]
    return found.seconds, found.minutes, found.hours, found.months, found.years, tuple(days)
