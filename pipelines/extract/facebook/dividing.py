"""One day of one account taken apart, until what Facebook cannot give has a name.

By campaigns, ad sets and ads, at last field by field. When that is needed is decided in
`insights.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.extract.facebook import fields
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import GraphError, Kind
from pipelines.extract.facebook.questions import (
    WHOLE_ROW,
    Gap,
    Question,
    Reading,
    Report,
    in_words,
)

Progress = Callable[[str], None]
Ask = Callable[[Question, Reading], None]
# Account, level and the parent's id (None: the account) → ids that are known anyway.
Known = Callable[[str, str, str | None], Sequence[str]]

# More holes than this are no poisoned ads: something else is wrong.
MOST_GAPS = 50
PROBES = 2
# These may be answered in smaller pieces; everything else is final.
DIVISIBLE = frozenset({Kind.TOO_LARGE, Kind.JOB, Kind.TRANSIENT})
# The objects that a day is divided by: level, its id, and what the step is called.
DIVISIONS = (
    ("campaign", "campaign_id", "campaign.id", "campaigns"),
    ("adset", "adset_id", "adset.id", "ad sets"),
    ("ad", "ad_id", "ad.id", "ads"),
)
# The lists of the objects below an account, a campaign or an ad set.
EDGES = {
    "campaign": ("campaigns", fields.CAMPAIGN_STATUSES),
    "adset": ("adsets", fields.AD_SET_STATUSES),
    "ad": ("ads", fields.AD_STATUSES),
}
# Whose objects each division divides.
PARENTS = ("account", "campaign", "ad_set")


class Divider:
    """Reads a day that Facebook refuses as a whole."""

    def __init__(
        self,
        client: GraphClient,
        ask: Ask,
        *,
        known: Known | None = None,
        on_progress: Progress,
    ) -> None:
        self._client = client
        self._ask = ask
        self._known = known or (lambda account_id, level, parent: ())
        self._say = on_progress

    def read_day(
        self, question: Question, reading: Reading, refusal: GraphError
    ) -> None:
        """Read all of a day that Facebook can give; what it cannot give is a gap."""
        self._divide(question, reading, refusal, depth=0)

    def _divide(
        self, question: Question, reading: Reading, refusal: GraphError, *, depth: int
    ) -> None:
        """Read one day by its campaigns, ad sets and ads, at last by fields."""
        if depth == len(DIVISIONS):
            self._read_by_fields(question, reading, refusal)
            return
        _, _, filter_field, step = DIVISIONS[depth]
        reading.note(step)
        self._say(f"{question.account_id}: {in_words(question)} is read by {step}")
        place = (filter_field, depth)
        if ids := self._list_ids(question, reading, depth):
            self._halve(question, reading, ids, place)
            return
        known = self._known_ids(question, depth)
        if not known:
            raise refusal
        named = len(reading.gaps)
        self._halve(question, reading, known, place)
        if len(reading.gaps) == named:
            # All that we know of have answered: it is one that nobody has told us of.
            reading.gaps.append(_gap_of_parent(question, refusal, depth))

    def _list_ids(
        self, question: Question, reading: Reading, depth: int
    ) -> tuple[str, ...]:
        """List the objects that ran on a day; nothing when Facebook cannot."""
        level, id_field, _, _ = DIVISIONS[depth]
        listed = Report(
            "ids", level, (id_field,), (id_field,), statuses=question.report.statuses
        )
        found = reading.part()
        try:
            self._ask(replace(question, report=listed), found)
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
        return tuple(sorted({key[-1] for key in found.rows}))

    def _known_ids(self, question: Question, depth: int) -> tuple[str, ...]:
        """Unite the objects that raw knows with those that are listed now."""
        level = DIVISIONS[depth][0]
        parent = question.only[1][0] if question.only else None
        ids = set(self._known(question.account_id, level, parent))
        edge, statuses = EDGES[level]
        asked = {"fields": "id", "effective_status": list(statuses)}
        path = (parent or question.account_id, edge)
        try:
            pages = self._client.pages(
                path, asked, account_id=question.account_id, attempts=PROBES
            )
            ids |= {str(row["id"]) for page in pages for row in page if row.get("id")}
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
        return tuple(sorted(ids))

    def _halve(
        self,
        question: Question,
        reading: Reading,
        ids: tuple[str, ...],
        place: tuple[str, int],
    ) -> None:
        """Read some objects together; halve them until each refusal has one object."""
        if not ids:
            return
        filter_field, depth = place
        some = replace(question, only=(filter_field, ids))
        try:
            self._ask(some, reading)
            return
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            refusal = error
        if len(ids) == 1:
            self._divide(some, reading, refusal, depth=depth + 1)
            return
        half = len(ids) // 2
        self._halve(question, reading, ids[:half], place)
        self._halve(question, reading, ids[half:], place)

    def _read_by_fields(
        self, question: Question, reading: Reading, refusal: GraphError
    ) -> None:
        """Read one ad's day in groups of fields; those that fail alone are gaps."""
        # What looks like poison may be an outage that began meanwhile.
        refuse_outage(self._client, question, refusal)
        reading.note("fields")
        assert question.only is not None
        ad_id = question.only[1][0]
        identity = tuple(
            name for name in question.report.fields if name in fields.IDENTITY
        )
        parts = reading.part()
        missing: list[str] = []
        try:
            self._ask_fields(question, parts, identity)
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
            missing = [WHOLE_ROW]
        else:
            rest = [n for n in question.report.fields if n not in fields.IDENTITY]
            self._halve_fields(question, parts, rest, missing)
        for key, row in parts.rows.items():
            reading.rows[key] = row
        day = question.window[0]
        reading.gaps += [
            Gap(day, "ad", ad_id, name, refusal.message) for name in missing
        ]
        if len(reading.gaps) > MOST_GAPS:
            raise refusal

    def _halve_fields(
        self,
        question: Question,
        parts: Reading,
        names: Sequence[str],
        missing: list[str],
    ) -> None:
        if not names:
            return
        try:
            self._ask_fields(question, parts, tuple(names))
            return
        except GraphError as error:
            if error.kind not in DIVISIBLE:
                raise
        if len(names) == 1:
            missing.append(names[0])
            return
        half = len(names) // 2
        self._halve_fields(question, parts, names[:half], missing)
        self._halve_fields(question, parts, names[half:], missing)

    def _ask_fields(
        self, question: Question, parts: Reading, names: tuple[str, ...]
    ) -> None:
        """Ask for some fields of an ad's day and unite them with what is known."""
        asked = tuple(dict.fromkeys((*question.report.keys, *names)))
        answer = parts.part()
        report = replace(question.report, fields=asked)
        self._ask(replace(question, report=report), answer)
        for key, row in answer.rows.items():
            parts.rows[key] = {**parts.rows.get(key, {}), **row}


def _gap_of_parent(question: Question, refusal: GraphError, depth: int) -> Gap:
    """Return the gap of an object, or the account, that holds an unknown one."""
    level = PARENTS[depth]
    object_id = question.only[1][0] if question.only else question.account_id
    return Gap(question.window[0], level, object_id, WHOLE_ROW, refusal.message)


def refuse_outage(client: GraphClient, question: Question, refusal: GraphError) -> None:
    """Raise when Facebook answers nothing at all: no division helps then."""
    if refusal.kind is not Kind.TRANSIENT:
        return
    account_id = question.account_id
    try:
        client.node(account_id, ("id",), account_id=account_id, attempts=PROBES)
    except GraphError:
        raise refusal from None
