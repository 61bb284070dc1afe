"""AmoCRM's asset checks: their names and places.

What is asked belongs to `ingest/amocrm/checks.py`; the step that asks, to `amocrm.py`.
"""

from pipelines.defs.checks import Check
from pipelines.ingest.amocrm import checks

SYSTEM = "amocrm"
CHECKS = (
    Check(
        "nothing_is_lost",
        SYSTEM,
        "leads",
        checks.nothing_is_lost,
        "Red: a row that was read is neither stored nor known. Yellow: the two orders "
        "of a sweep did not find the same ids.",
        blocking=True,
    ),
    Check(
        "absences_are_explained",
        SYSTEM,
        "absences",
        checks.absences_are_explained,
        "Red: so much is gone that it was not believed (lost rights, or a mass "
        "deletion to confirm). Yellow: single ids vanished without a deletion.",
    ),
    Check(
        "stage_chains_join",
        SYSTEM,
        "events",
        checks.stage_chains_join,
        "Yellow: the moves of a deal do not join, even after its events were read "
        "again.",
    ),
    Check(
        "stages_are_mapped",
        SYSTEM,
        "pipelines",
        checks.stages_are_mapped,
        "Yellow: deals stand in a pipeline without a product, or in an unknown stage.",
    ),
    Check(
        "utm_fields_stay",
        SYSTEM,
        "custom_fields",
        checks.utm_fields_stay,
        "Yellow: in the last week a UTM field of deals was added, renamed or removed.",
    ),
    Check(
        "token_lives",
        SYSTEM,
        "account",
        checks.token_lives,
        "Yellow: the token ends within two weeks.",
    ),
    Check(
        "hooks_ring",
        SYSTEM,
        "webhooks",
        checks.hooks_ring,
        "Red: our hook is switched off, or silent while the CRM changes. Yellow: "
        "deliveries are set aside.",
    ),
)
NAMES = frozenset(check.name for check in CHECKS)
