"""AmoCRM's dictionaries: read whole, replaced, and every former content kept.

Deals live on in stages that were renamed and pipelines that were archived, so what
vanishes from a dictionary is closed, never deleted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.extract.amocrm import extractor
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.extractor import Batches
from pipelines.ingest.amocrm.load import Load, LoadedTable, Passing, record
from pipelines.load.documents import replace_documents


@dataclass(frozen=True)
class Dictionary:
    """A table that is always read whole; `history` selects its items, if it has any."""

    table: str
    extract: Callable[[AmocrmClient], Batches]
    # Selects kind, item_key and payload of what lives, for these kinds.
    history: str | None = None
    kinds: tuple[str, ...] = ()


def load_dictionary(
    load: Load, dictionary: Dictionary, **facts: str | None
) -> LoadedTable:
    """Replace a table, remember what changed in it, log it with these facts."""
    counting = load.counting()
    # Read before the transaction: an answer may take minutes.
    passing = Passing(iter(list(dictionary.extract(load.client))))
    with load.writing():
        result = replace_documents(
            load.warehouse, f"amocrm__{dictionary.table}", passing, run=load.run
        )
        if dictionary.history:
            _write_history(load, dictionary)
        unchanged = result.rows_read - result.rows_inserted - result.rows_updated
        details = {
            **counting.details(),
            "pages": passing.pages,
            "fetched": passing.rows,
            "repeats": 0,
            "stale": 0,
            "new": result.rows_inserted,
            "changed": result.rows_updated,
            "unchanged": unchanged,
            **facts,
        }
        loaded = LoadedTable(
            dictionary.table, "full", result, counting.seconds, details=details
        )
        return record(load, loaded)


def catalog_elements(load: Load) -> Dictionary:
    """Return the elements of the lists that were just read."""
    rows = load.warehouse.execute(
        "select id from raw.amocrm__catalogs where _deleted_at is null order by id"
    ).fetchall()
    ids = [row[0] for row in rows]
    return Dictionary(
        "catalog_elements",
        lambda client: extractor.extract_catalog_elements(client, ids),
    )


def _write_history(load: Load, dictionary: Dictionary) -> None:
    items = dictionary.history or ""
    values = {
        "as_of": load.run.as_of,
        "run_id": load.run.run_id,
        "kinds": list(dictionary.kinds),
    }
    load.warehouse.execute(_CREATE_ITEMS.replace("<items>", items))
    load.warehouse.execute(_CLOSE, values)
    load.warehouse.execute(_OPEN, values)
    load.warehouse.execute("drop table _items")


_CREATE_ITEMS = """
create temporary table _items on commit drop as
select distinct on (kind, item_key) kind, item_key, payload,
    encode(sha256(convert_to(cast(payload as text), 'UTF8')), 'hex') as content_hash
from (<items>) as items
order by kind, item_key, content_hash
"""
_CLOSE = """
update raw.amocrm__dictionary_versions as known
set valid_until = greatest(%(as_of)s, known.valid_from),
    _loaded_at = clock_timestamp(), _run_id = %(run_id)s
where known.valid_until is null
    and known.kind = any(%(kinds)s)
    and not exists (
        select from _items as item
        where item.kind = known.kind and item.item_key = known.item_key
            and item.content_hash = known.content_hash
    )
"""
# A second change within one clock reading replaces the first.
_OPEN = """
insert into raw.amocrm__dictionary_versions (
    kind, item_key, valid_from, content_hash, payload, _loaded_at, _run_id
)
select item.kind, item.item_key, %(as_of)s, item.content_hash, item.payload,
    clock_timestamp(), %(run_id)s
from _items as item
where not exists (
    select from raw.amocrm__dictionary_versions as known
    where known.kind = item.kind and known.item_key = item.item_key
        and known.valid_until is null
)
on conflict (kind, item_key, valid_from) do update set
    valid_until = null, content_hash = excluded.content_hash,
    payload = excluded.payload, _loaded_at = excluded._loaded_at,
    _run_id = excluded._run_id
"""
_PIPELINES = """
select
    'pipeline' as kind, cast(id as text) as item_key, payload - '_embedded' as payload
from raw.amocrm__pipelines where _deleted_at is null
union all
select 'status', pipeline.id || ':' || (status.item ->> 'id'), status.item
from raw.amocrm__pipelines as pipeline
cross join lateral jsonb_array_elements(
    case when jsonb_typeof(pipeline.payload #> '{_embedded,statuses}') = 'array'
        then pipeline.payload #> '{_embedded,statuses}' else '[]'::jsonb end
) as status (item)
where pipeline._deleted_at is null and status.item ->> 'id' is not null
"""
_FIELDS = """
select
    'field' as kind, entity_type || ':' || id as item_key, payload - 'enums' as payload
from raw.amocrm__custom_fields where _deleted_at is null
union all
select 'enum', field.entity_type || ':' || field.id || ':' || (enum.item ->> 'id'),
    enum.item
from raw.amocrm__custom_fields as field
cross join lateral jsonb_array_elements(
    case when jsonb_typeof(field.payload -> 'enums') = 'array'
        then field.payload -> 'enums' else '[]'::jsonb end
) as enum (item)
where field._deleted_at is null and enum.item ->> 'id' is not null
"""
_PLAIN = """
select '{kind}' as kind, cast(id as text) as item_key, payload
from raw.amocrm__{table} where _deleted_at is null
"""

DICTIONARIES = {
    one.table: one
    for one in (
        Dictionary(
            "pipelines", extractor.extract_pipelines, _PIPELINES, ("pipeline", "status")
        ),
        Dictionary(
            "custom_fields", extractor.extract_custom_fields, _FIELDS, ("field", "enum")
        ),
        Dictionary(
            "loss_reasons",
            extractor.extract_loss_reasons,
            _PLAIN.format(kind="loss_reason", table="loss_reasons"),
            ("loss_reason",),
        ),
        Dictionary("tags", extractor.extract_tags),
        Dictionary("sources", extractor.extract_sources),
        Dictionary("catalogs", extractor.extract_catalogs),
        Dictionary("leads_trash", extractor.extract_trash),
        Dictionary(
            "users",
            extractor.extract_users,
            _PLAIN.format(kind="user", table="users"),
            ("user",),
        ),
    )
}
