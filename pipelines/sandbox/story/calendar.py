"""The days of a story, counted in Almaty, and moments on them.

What happens on those days belongs to the other modules of the story.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")
# Since then the hooks write into Traffic; Landing keeps what it had.
CONSOLIDATED_DAYS_AGO = 9
# Nothing reached the sales tables on these days, whatever was won in the CRM.
SILENT_DAYS_AGO = (5, 2)

# Scenes are dated within this many days; the earlier ones are stretched apart.
SCENES_FROM, SCENES_TO = 10, 24


@dataclass(frozen=True)
class Calendar:
    """A span of whole Almaty days that ends today."""

    now: datetime
    weeks: int

    @property
    def today(self) -> date:
        return self.now.astimezone(ALMATY).date()

    @property
    def start(self) -> date:
        return self.today - timedelta(weeks=self.weeks)

    @property
    def days(self) -> list[date]:
        length = (self.today - self.start).days + 1
        return [self.start + timedelta(days=number) for number in range(length)]

    @property
    def last_monday(self) -> date:
        """The Monday of the last full week."""
        return self.today - timedelta(days=self.today.weekday() + 7)

    def day(self, ago: int) -> date:
        return self.today - timedelta(days=ago)

    def ago(
        self, days: int, hour: int = 12, minute: int = 0, second: int = 0
    ) -> datetime:
        """Return a UTC instant at an Almaty wall time some days ago."""
        return at(self.day(days), hour, minute, second)

    def scene(self, ago: int) -> int:
        """Spread what scenes call "so many days ago" over the whole story.

        The last days stay as they are; 10 to 24 become 10 to a week after the start.
        """
        if ago <= SCENES_FROM:
            return ago
        length = self.weeks * 7 - 7 - SCENES_FROM
        return SCENES_FROM + (ago - SCENES_FROM) * length // (SCENES_TO - SCENES_FROM)

    def is_past(self, moment: datetime) -> bool:
        return moment <= self.now - timedelta(minutes=5)

    def is_consolidated(self, moment: datetime) -> bool:
        """Tell whether hooks already wrote into Traffic at a moment."""
        return moment >= self.ago(CONSOLIDATED_DAYS_AGO, 0)

    def is_silent(self, moment: datetime) -> bool:
        first, last = SILENT_DAYS_AGO
        return self.ago(first, 0) <= moment < self.ago(last - 1, 0)


def at(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """Return the UTC instant of an Almaty wall time."""
    return datetime.combine(day, time(hour, minute, second), ALMATY).astimezone(UTC)


def almaty_day(moment: datetime) -> date:
    """Return the Almaty day of an instant."""
    return moment.astimezone(ALMATY).date()


def naive(moment: datetime) -> datetime:
    """Drop the zone, as Landing's timestamp columns do: what is left is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def unix(moment: datetime) -> int:
    """Return the seconds that AmoCRM writes for an instant."""
    return int(moment.timestamp())
