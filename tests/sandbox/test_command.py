"""The sandbox command: what it does beside running the jobs."""

import dagster as dg

from pipelines.sandbox.__main__ import bury_dead_runs


@dg.op(pool="landing_database")
def hold():
    """Stand for a step whose process was killed."""


@dg.job
def killed():
    hold()


def test_a_killed_run_gives_its_pool_slots_back():
    settings = {"concurrency": {"pools": {"default_limit": 1, "granularity": "op"}}}
    with dg.instance_for_test(overrides=settings) as instance:
        run = instance.create_run_for_job(killed, status=dg.DagsterRunStatus.STARTED)
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("landing_database")
        claim = storage.claim_concurrency_slot("landing_database", run.run_id, "hold")

        bury_dead_runs(instance)

        assert claim.is_claimed
        assert instance.get_run_by_id(run.run_id).is_failure
        info = storage.get_concurrency_info("landing_database")
        assert info.active_slot_count == 0
