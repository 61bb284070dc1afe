"""A killed run holds its pool's slots only until the next run begins."""

import subprocess
import sys

import dagster as dg
import pytest

from pipelines.defs import orphans


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.event_log_storage.set_concurrency_slots("pool", 1)
        yield instance


@dg.job
def nothing():
    pass


def holding_run(instance: dg.DagsterInstance, process: str) -> str:
    run = instance.create_run_for_job(
        nothing, status=dg.DagsterRunStatus.STARTED, tags={orphans.TAG: process}
    )
    instance.event_log_storage.claim_concurrency_slot("pool", run.run_id, "step")
    return run.run_id


def held(instance: dg.DagsterInstance) -> set[str]:
    return instance.event_log_storage.get_concurrency_info("pool").active_run_ids


def tag_of(instance: dg.DagsterInstance) -> str:
    run_id = instance.create_run_for_job(nothing).run_id
    orphans.identify(instance, run_id)
    return instance.get_run_by_id(run_id).tags[orphans.TAG]


def test_run_of_a_killed_process_fails_and_frees_its_slot(instance):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host, _, birth = tag_of(instance).split(" ", 2)
    run_id = holding_run(instance, f"{host} {ended.pid} {birth}")

    orphans.free_orphans(instance)

    assert held(instance) == set()
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("host", ["", "another"])
def test_living_and_unknown_runs_keep_their_slots(instance, host):
    run_id = holding_run(instance, host + tag_of(instance))

    orphans.free_orphans(instance)

    assert held(instance) == {run_id}
