"""The pipeline's clock: one "now" per run, and days as the business counts them.

Nobody else asks the machine for the time; `now` travels as an argument.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.errors import ConfigurationError

BUSINESS_ZONE = ZoneInfo("Asia/Almaty")


def read_clock(fixed: str | None) -> datetime:
    """Return the fixed instant of PIPELINE_NOW (ISO 8601 with an offset), else now."""
    if not fixed:
        return datetime.now(UTC)
    try:
        instant = datetime.fromisoformat(fixed)
    except ValueError as error:
        raise ConfigurationError(f"PIPELINE_NOW is not ISO 8601: {fixed}") from error
    if instant.tzinfo is None:
        raise ConfigurationError(f"PIPELINE_NOW needs an offset, like {fixed}Z")
    return instant.astimezone(UTC)


def business_date(instant: datetime) -> date:
    """Return the Almaty day of an instant."""
    return instant.astimezone(BUSINESS_ZONE).date()


def business_day_start(day: date) -> datetime:
    """Return the instant, in UTC, at which an Almaty day begins."""
    return datetime.combine(day, time.min, tzinfo=BUSINESS_ZONE).astimezone(UTC)


def week_start(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
