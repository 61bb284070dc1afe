"""How much the receiver takes on, and how long it waits; each number with its reason.

Who keeps them belongs to `protocol.py`, `uploads.py` and `writer.py`.
"""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """All in bytes, seconds and pieces.

    AmoCRM waits two seconds for an answer, so a delivery that is not committed after
    `answer_seconds` is refused while it still listens.
    """

    # Real hooks have a few KiB.
    body_bytes: int = MIB
    header_bytes: int = 16 * 1024
    header_seconds: float = 5
    body_seconds: float = 5
    answer_seconds: float = 1.5
    # A newcomer pushes out the oldest unfinished one, so slow ones harm themselves.
    uploads: int = 256
    uploads_per_address: int = 64
    upload_bytes: int = 48 * MIB
    # Below the usual 1024 open files of a process.
    connections: int = 800
    # What waits for its commit; what comes on top is refused at once.
    queue_bytes: int = 16 * MIB
    queue_rows: int = 5000
    batch_bytes: int = 4 * MIB
    batch_rows: int = 500
    connect_seconds: float = 1.2
    write_seconds: float = 1.2
    retry_seconds: float = 0.25
    # Without deliveries the warehouse is looked at this often.
    look_seconds: float = 5
    # A client that is refused may finish its sentence before the line is cut.
    linger_seconds: float = 1
    linger_bytes: int = 4 * MIB
    stop_seconds: float = 5


LIMITS = Limits()
