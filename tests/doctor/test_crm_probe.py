"""What `doctor --probe` finds out of AmoCRM, whichever way it answers."""

from typing import Any

import pytest

from pipelines.sandbox.amocrm import Behaviour
from pipelines.sandbox.story.world import AmocrmWorld
from tests.amocrm_world import event, lead, small_world, stub
from tests.doctor.looking import of, said
from tests.doctor.test_crm import asked_amocrm

UNSORTED = 77


def world() -> AmocrmWorld:
    """Return an account with a deal of each kind that is asked for."""
    made = small_world(
        leads=[
            *(lead(number) for number in range(1, 61)),
            lead(61, status_id=UNSORTED, closed_at=None),
            lead(62),
        ],
        events=[event(number) for number in range(1, 301)],
    )
    statuses = made.pipelines[0]["_embedded"]["statuses"]
    statuses.append({"id": UNSORTED, "name": "Unsorted", "type": 1})
    made.trashed.append(stub(62))
    return made


def probed(**switches: Any):
    behaviour = Behaviour(**switches)
    with asked_amocrm(behaviour=behaviour, amocrm=world(), probe=True) as findings:
        return findings


def test_a_server_as_the_manual_has_it_is_found_to_be_so():
    findings = probed()

    assert said(findings, "error") == ""
    good = said(findings, "ok")
    assert "leads/pipelines" in good
    assert "filters are honoured, by id and by time" in good
    assert "order[id] is honoured" in good
    assert "order[updated_at] is honoured" in good
    notes = said(findings, "note")
    assert "asked for 100: 100, asked for 250: 50" in notes
    assert "deleted deal asked for by id: 204" in notes
    assert "unsorted deals are listed among the others" in notes
    assert "page 1000 of one deal each is empty" in notes


@pytest.mark.parametrize(
    ("switches", "check", "state", "says"),
    [
        ({"ignores_filters": True}, "filters", "error", "AMOCRM_FILTERS=ignored"),
        ({"orders_ignored": True}, "order", "error", "is not honoured"),
        ({"events_limit": 250}, "events", "note", "asked for 250: 250"),
        ({"deleted_lead_by_id": "404"}, "deleted deals", "note", "404"),
        ({"deleted_lead_by_id": "stub"}, "deleted deals", "note", "a document of"),
        ({"ignores_only_deleted": True}, "deleted deals", "error", "living deals come"),
        ({"unsorted_in_leads": False}, "unsorted deals", "note", "no unsorted deal"),
    ],
)
def test_a_server_that_departs_from_it_is_found_out(switches, check, state, says):
    assert says in said(of(probed(**switches), "amocrm", check), state)


def test_a_probe_names_what_the_user_of_the_token_may_not_read():
    findings = probed(forbidden="json", forbidden_paths={"leads/loss_reasons"})

    rights = of(findings, "amocrm", "rights")
    assert "let the token's user read leads/loss_reasons" in said(rights, "error")
    assert "events" in said(rights, "ok")
