"""The doctor's round: every system at once, each within a bound, and compared at last.

Which checks a system gets is decided in its own module.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.catalog import Catalog
from pipelines.defs.resources import Settings, required
from pipelines.doctor import ads, crm, health, storage, warehouse
from pipelines.doctor.environment import examine_settings, is_production, sound
from pipelines.doctor.findings import Finding
from pipelines.doctor.servers import Clock, Identity
from pipelines.doctor.sources import DATABASES, Source, examine_source
from pipelines.extract.amocrm.client import SYSTEM as AMOCRM
from pipelines.extract.facebook.errors import SYSTEM as FACEBOOK

SECONDS = 60.0
HEALTH_NEEDS = (warehouse.VARIABLE, storage.VARIABLE)
Job = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Round:
    """What a round needs, and the databases that it has met."""

    settings: Settings
    catalog: Catalog
    clock: Clock
    probe: bool = False
    identities: dict[str, Identity] = field(default_factory=dict)

    def examine(self) -> list[Finding]:
        """Look at the settings and at every system that they name."""
        findings = list(examine_settings(self.settings))
        findings += side_by_side(self._jobs(sound(self.settings)))
        return [*findings, *twins(self.identities)]

    def examine_health(self) -> list[Finding]:
        """Look only at what monitors ask: the age of loads, edition, runs, daemon."""
        get = sound(self.settings).values.get
        wrong = [
            finding
            for finding in examine_settings(self.settings)
            if finding.state == "error" and finding.message.startswith(HEALTH_NEEDS)
        ]
        jobs: dict[str, Job] = {}
        systems = sorted({table.system for table in self.catalog})
        if warehouse_url := get(warehouse.VARIABLE):
            jobs[warehouse.SYSTEM] = lambda: health.examine_freshness(
                warehouse_url, systems
            )
        if storage_url := get(storage.VARIABLE):
            jobs[storage.SYSTEM] = lambda: health.examine_dagster(
                storage_url, is_production=is_production(self.settings.values)
            )
        return [*wrong, *side_by_side(jobs)]

    def _jobs(self, settings: Settings) -> dict[str, Job]:
        get = settings.values.get
        jobs = {
            system: self._source_job(system, url)
            for system in DATABASES
            if (url := get(f"{system.upper()}_DATABASE_URL"))
        }
        if warehouse_url := get(warehouse.VARIABLE):
            jobs[warehouse.SYSTEM] = lambda: warehouse.examine_warehouse(
                warehouse_url, clock=self.clock, keep=self._keeper(warehouse.SYSTEM)
            )
        if storage_url := get(storage.VARIABLE):
            jobs[storage.SYSTEM] = lambda: storage.examine_storage(
                storage_url, clock=self.clock
            )
        if get("FACEBOOK_ACCESS_TOKEN"):
            jobs[FACEBOOK] = lambda: ads.examine_facebook(
                settings.facebook(),
                clock=self.clock,
                databases=settings.listing_database_urls(),
                warehouse_url=get(warehouse.VARIABLE),
                probe=self.probe,
            )
        needed = [name for name in required(settings.values) if "AMOCRM" in name]
        if all(get(name) for name in needed):
            jobs[AMOCRM] = lambda: crm.examine_amocrm(
                settings.amocrm(),
                clock=self.clock,
                warehouse_url=get(warehouse.VARIABLE),
                probe=self.probe,
            )
        return jobs

    def _source_job(self, system: str, url: str) -> Job:
        source = Source(
            system,
            url,
            catalog=self.catalog,
            is_production=is_production(self.settings.values),
        )
        return lambda: examine_source(
            source, clock=self.clock, keep=self._keeper(system)
        )

    def _keeper(self, system: str) -> Callable[[Identity], None]:
        def keep(identity: Identity) -> None:
            self.identities[system] = identity

        return keep


def side_by_side(jobs: Mapping[str, Job], *, seconds: float = SECONDS) -> list[Finding]:
    """Run all jobs in threads; say which of them did not end in time."""
    found: dict[str, list[Finding]] = {name: [] for name in jobs}
    threads = {}
    for name, job in jobs.items():
        threads[name] = threading.Thread(
            target=_gather, args=(name, job, found[name]), daemon=True
        )
        threads[name].start()
    until = time.monotonic() + seconds
    findings: list[Finding] = []
    for name, thread in threads.items():
        thread.join(max(0.0, until - time.monotonic()))
        findings += found[name]
        if thread.is_alive():
            message = f"did not answer everything within {seconds:.0f} s"
            remedy = "the server is slow, or the way there loses packets; try again"
            findings.append(Finding(name, "time", "error", message, remedy))
    return findings


def _gather(name: str, job: Job, found: list[Finding]) -> None:
    try:
        for finding in job():
            found.append(finding)
    except Exception as broken:  # a thread's exception would be lost
        message = f"the examination broke: {type(broken).__name__}: {broken}"
        found.append(Finding(name, "all", "error", message, "report it"))


def twins(identities: Mapping[str, Identity]) -> Iterator[Finding]:
    """Name systems whose addresses lead to the same database."""
    systems = [name for name in (*DATABASES, warehouse.SYSTEM) if name in identities]
    for place, system in enumerate(systems):
        for other in systems[place + 1 :]:
            if identities[system] != identities[other]:
                continue
            message = f"its address leads to the same database as {system}'s"
            if other == warehouse.SYSTEM:
                yield Finding(other, "identity", "note", f"{message}; own schemas do")
            else:
                remedy = (
                    f"correct {other.upper()}_DATABASE_URL or "
                    f"{system.upper()}_DATABASE_URL, unless both really live there"
                )
                yield Finding(other, "identity", "warning", message, remedy)
