"""A short fuzz with one seed; `make fuzz` takes any seed and more rounds."""

from tests.faults.fuzz import open_server
from tests.faults.rounds import Fuzz

SEED, ROUNDS = 20, 9


def test_random_writers_and_faults_end_with_equal_rows(tmp_path):
    with open_server(tmp_path) as server:
        for name in ("source", "warehouse"):
            server.create_database(name)

        with Fuzz(server.url("source"), server.url("warehouse"), SEED) as fuzz:
            fuzz.run(ROUNDS)

    struck = [what for what in fuzz.tally if what.startswith("fault")]
    assert len(struck) >= ROUNDS / 3
