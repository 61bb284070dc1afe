"""What people and robots do in the second AmoCRM, one act after the other.

Each act changes the truth, writes the feed and rings what a hook would tell of. When
they act belongs to the storms of `crm.py` and to the rounds.
"""

from tests.amocrm.foreign import fields, founding
from tests.amocrm.foreign.removing import Removing
from tests.amocrm.foreign.truth import LOST, WON, Document

MASS = 700


class People(Removing):
    """The people who work in an account."""

    def do_add_lead(self) -> None:
        founding.add(self.truth, "leads", self.random, by=self.author)

    def do_add_contact(self) -> None:
        founding.add(self.truth, "contacts", self.random, by=self.author)

    def do_add_company(self) -> None:
        founding.add(self.truth, "companies", self.random, by=self.author)

    def do_add_task(self) -> None:
        founding.add(self.truth, "tasks", self.random, by=self.author)

    def do_edit(self) -> None:
        self._edit("leads")

    def do_edit_contact(self) -> None:
        self._edit("contacts")

    def do_edit_company(self) -> None:
        self._edit("companies")

    def _edit(self, entity: str) -> None:
        one = self.some(entity)
        if one is None:
            return
        truth, random, by = self.truth, self.random, self.author
        old = dict(truth.living[entity][one])
        document = self.changed(entity, one)
        document["name"] = random.choice(fields.WORDS)
        held = fields.values(truth, entity, random)
        if entity == "leads":
            self._log_fields(one, old.get("fields") or {}, held, by)
            price = random.choice(founding.PRICES)
            if price != old["price"]:
                document["price"] = price
                sale = [
                    {"sale_field_value": {"sale": p}} for p in (old["price"], price)
                ]
                truth.log(
                    "sale_field_changed", entity, one, by=by,
                    before=sale[:1], after=sale[1:],
                )  # fmt: skip
            if random.random() < 0.3:
                self._hand_over(entity, one, document)
        document["fields"] = held
        truth.ring(entity, "update", one, old=old)

    def _hand_over(self, entity: str, one: int, document: Document) -> None:
        old, new = (
            document["responsible_user_id"],
            self.random.choice([*self.truth.users]),
        )
        if old == new:
            return
        document["responsible_user_id"] = new
        before, after = ({"responsible_user": {"id": user}} for user in (old, new))
        self.truth.log(
            "entity_responsible_changed", entity, one, by=self.author,
            before=[before], after=[after],
        )  # fmt: skip
        self.truth.ring(entity, "responsible", one, old={"responsible_user_id": old})

    def _log_fields(self, one: int, old: Document, new: Document, by: int) -> None:
        for field_id in {*old, *new}:
            field = self.truth.fields["leads"].get(field_id)
            if field and old.get(field_id) != new.get(field_id):
                shown = [
                    [{"custom_field_value": {"field_id": field_id, "text": str(value)}}]
                    for value in (old.get(field_id), new.get(field_id))
                ]
                self.truth.log(
                    f"custom_field_{field_id}_value_changed", "leads", one, by=by,
                    before=shown[0], after=shown[1],
                )  # fmt: skip

    def do_move(self) -> None:
        one = self.some("leads")
        if one is not None:
            self.move(one, founding.stage(self.truth, self.random))

    def do_win(self) -> None:
        one = self.some("leads")
        if one is not None:
            self.move(one, (self.truth.living["leads"][one]["pipeline_id"], WON))

    def move(self, one: int, to: tuple[int, int]) -> None:
        truth, old = self.truth, dict(self.truth.living["leads"][one])
        if (old["pipeline_id"], old["status_id"]) == to:
            return
        lead = self.changed("leads", one)
        lead["pipeline_id"], lead["status_id"] = to
        lead["closed_at"] = truth.now if to[1] in (WON, LOST) else None
        lead["loss_reason_id"] = None
        if to[1] == LOST:
            lead["loss_reason_id"] = self.random.choice([None, *truth.loss_reasons])
        before, after = (
            {
                "lead_status": {
                    "id": one_["status_id"],
                    "pipeline_id": one_["pipeline_id"],
                }
            }
            for one_ in (old, lead)
        )
        truth.log(
            "lead_status_changed", "leads", one, by=self.author,
            before=[before], after=[after],
        )  # fmt: skip
        truth.ring("leads", "status", one, old=old)

    def do_tag(self) -> None:
        entity = self.random.choice(("leads", "leads", "contacts", "companies"))
        one, truth = self.some(entity), self.truth
        if one is None or not truth.tags[entity]:
            return
        tag, held = (
            self.random.choice(list(truth.tags[entity])),
            truth.tagged[entity, one],
        )
        kind = "entity_tag_deleted" if tag in held else "entity_tag_added"
        value = [{"tag": {"name": truth.tags[entity][tag]["name"]}}]
        held.remove(tag) if tag in held else held.append(tag)
        self.changed(entity, one, moves=truth.habits.tags_move)
        added = kind == "entity_tag_added"
        truth.log(
            kind, entity, one, by=self.author,
            before=[] if added else value, after=value if added else [],
        )  # fmt: skip
        truth.ring(entity, "update", one)

    def do_link(self) -> None:
        lead, contact, truth = self.some("leads"), self.some("contacts"), self.truth
        if lead is None or contact is None:
            return
        held = truth.contacts_of[lead]
        kind = "entity_unlinked" if contact in held else "entity_linked"
        held.remove(contact) if contact in held else held.append(contact)
        self.changed("leads", lead, moves=truth.habits.links_move)
        self.changed("contacts", contact, moves=truth.habits.links_move)
        after = [{"link": {"entity": {"type": "contact", "id": contact}}}]
        truth.log(kind, "leads", lead, by=self.author, after=after)
        truth.ring("leads", "update", lead)
        truth.ring("contacts", "update", contact)

    def do_bill(self) -> None:
        lead, truth = self.some("leads"), self.truth
        if lead is None:
            return
        catalog = self.random.choice(list(truth.catalogs))
        element = founding.add_element(truth, catalog, truth.steps)
        truth.elements_of[lead].append((catalog, element, self.random.choice((1, 2.5))))
        self.changed("leads", lead, moves=truth.habits.links_move)
        truth.ring("leads", "update", lead)

    def do_close_task(self) -> None:
        one = self.some("tasks")
        if one is not None:
            task = self.changed("tasks", one)
            task["is_completed"], task["result"] = True, {"text": "готово"}
            self.truth.ring("tasks", "update", one)

    def do_dictionary(self) -> None:
        """Rename or add a thing of the dictionaries, or delete a field."""
        truth, random = self.truth, self.random
        what = random.choice(("pipeline", "status", "field", "new", "gone", "archive"))
        pipeline = random.choice(list(truth.pipelines.values()))
        field = random.choice(list(truth.fields["leads"].values()))
        if what == "pipeline":
            pipeline["name"] += "*"
        elif what == "archive":
            pipeline["is_archive"] = not pipeline["is_archive"]
        elif what == "status":
            random.choice(pipeline["_embedded"]["statuses"])["name"] += "*"
        elif what == "new":
            fields.add_field(truth, "leads", "text", f"поле {truth.steps}")
        elif field["code"] is None:
            # Every lead that holds it is shown in another way from now on.
            if what == "gone":
                del truth.fields["leads"][field["id"]]
            else:
                field["name"] += "*"
            for one, lead in truth.living["leads"].items():
                if field["id"] in (lead.get("fields") or {}):
                    truth.touch("leads", one)

    def do_mass_edit(self) -> None:
        """Edit hundreds of deals in one second."""
        for one in list(self.truth.living["leads"])[:MASS]:
            self.changed("leads", one)["name"] = f"массовая {self.truth.now}"

    def do_mass_move(self) -> None:
        """Move hundreds of deals into one stage in one second."""
        to = founding.stage(self.truth, self.random)
        for one in list(self.truth.living["leads"])[-MASS:]:
            self.move(one, to)

    def do_hide(self) -> None:
        """Take a right from the token's user: a deal is shown no more."""
        one = self.some("leads")
        if one is not None:
            self.truth.hidden.add(("leads", one))
