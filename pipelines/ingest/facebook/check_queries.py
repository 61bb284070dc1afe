"""The queries behind `checks.py`, each over raw tables alone.

Only SQL: what their rows mean is said there. Every query may name the clock, `as_of`.
"""

# The last attempt of each listed account at one table; a failed window counts until a
# later load of the same run covers it. Backfills are looked at by their own job.
ACCOUNTS = """
with tries as (
    select load_id, run_id, scope, outcome, error, window_start, window_end,
        finished_at, first_value(run_id) over (
            partition by scope order by load_id desc
        ) as last_run_id
    from raw._loads
    where system = 'facebook' and table_name = %(table)s and scope <> ''
        and mode is distinct from 'backfill'
),

last_tries as (
    select * from tries where run_id = last_run_id
),

failures as (
    select distinct on (failed.scope) failed.scope, failed.outcome, failed.error
    from last_tries as failed
    where failed.outcome <> 'loaded' and not exists (
        select from last_tries as later
        where later.scope = failed.scope and later.load_id > failed.load_id
            and later.outcome = 'loaded'
            and coalesce(later.window_start <= failed.window_start, true)
            and coalesce(later.window_end >= failed.window_end, true)
    )
    order by failed.scope, failed.load_id desc
),

loaded as (
    select scope, max(finished_at) as loaded_at
    from tries
    where outcome = 'loaded'
    group by scope
)

select listed.account_id, failures.error, loaded.loaded_at,
    coalesce(
        failures.outcome, case when loaded.scope is not null then 'loaded' end
    ) as outcome
from raw.facebook__listed_accounts as listed
left join failures on listed.account_id = failures.scope
left join loaded on listed.account_id = loaded.scope
where listed._deleted_at is null
order by listed.account_id
"""

GAPS = """
select account_id, stat_date, level, object_id,
    array_agg(field order by field) as fields,
    min(payload ->> 'reason') as reason,
    (%(as_of)s::timestamptz)::date - stat_date as age_days
from raw.facebook__gaps
where _deleted_at is null
group by account_id, stat_date, level, object_id
order by stat_date desc, account_id, object_id
"""

# The certificates of the last daily run against those of the runs before it, of the
# same accounts: what one of them never had is no news.
SILENT = """
with certificates as (
    select load_id, run_id, scope, as_of, details,
        (details ->> 'rows')::bigint as rows,
        first_value(run_id) over (order by load_id desc) as last_run_id
    from raw._loads
    where system = 'facebook' and table_name = 'ad_insights'
        and outcome = 'loaded' and mode = 'window' and details is not null
        and as_of > %(as_of)s::timestamptz - interval '35 days'
),

latest as (
    select * from certificates where run_id = last_run_id and rows > 0
),

earlier as (
    select * from certificates
    where run_id <> last_run_id and scope in (select scope from latest)
),

returned_now as (
    select 'field' as kind, jsonb_array_elements_text(details -> 'fields_returned')
        as name
    from latest
    union
    select 'window', jsonb_array_elements_text(details -> 'windows_returned')
    from latest
),

returned_before as (
    select kind, name, max(as_of) as returned_at
    from (
        select 'field' as kind, as_of,
            jsonb_array_elements_text(details -> 'fields_returned') as name
        from earlier
        union all
        select 'window', as_of,
            jsonb_array_elements_text(details -> 'windows_returned')
        from earlier
    ) as pieces
    group by kind, name
),

expected as (
    select kind, name from returned_before where kind = 'field'
    union
    select 'window', jsonb_array_elements_text(details -> 'windows')
    from latest
    where exists (select from returned_now where kind = 'window')
),

size as (
    select count(distinct scope) as accounts, sum(rows) as rows from latest
)

select expected.kind, expected.name, returned_before.returned_at, size.accounts,
    size.rows
from expected
cross join size
left join returned_before using (kind, name)
where size.rows > 0 and (expected.kind, expected.name) not in (
    select kind, name from returned_now
)
order by expected.kind, expected.name
"""

# Days that are over in their account's zone; a running day moves between two questions.
TOTALS = """
with accounts as (
    select account_id, payload ->> 'currency' as currency,
        (%(as_of)s at time zone (payload ->> 'timezone_name'))::date as today
    from raw.facebook__accounts
    where _deleted_at is null
),

account_days as (
    select account_id, stat_date, sum((payload ->> 'spend')::numeric) as spend
    from raw.facebook__account_insights
    where _deleted_at is null
        and stat_date >= (%(as_of)s::timestamptz)::date - %(days)s::integer - 1
    group by account_id, stat_date
),

ad_days as (
    select account_id, stat_date, sum((payload ->> 'spend')::numeric) as spend
    from raw.facebook__ad_insights
    where _deleted_at is null
        and stat_date >= (%(as_of)s::timestamptz)::date - %(days)s::integer - 1
    group by account_id, stat_date
)

select account_id, stat_date, accounts.currency,
    coalesce(account_days.spend, 0) as account_spend,
    coalesce(ad_days.spend, 0) as ads_spend
from account_days
full join ad_days using (account_id, stat_date)
inner join accounts using (account_id)
where stat_date between accounts.today - %(days)s::integer and accounts.today - 1
order by stat_date desc, account_id
"""

BINDINGS = """
with spent as (
    select account_id, max(payload ->> 'account_currency') as currency,
        sum((payload ->> 'spend')::numeric) as spend
    from raw.facebook__account_insights
    where _deleted_at is null
        and stat_date >= (%(as_of)s::timestamptz)::date - %(days)s::integer
    group by account_id
),

reached as (
    select distinct on (scope) scope, outcome
    from raw._loads
    where system = 'facebook' and table_name = 'ad_insights' and scope <> ''
    order by scope, load_id desc
),

listed as (
    select account_id, payload -> 'listed_by' as listed_by
    from raw.facebook__listed_accounts
    where _deleted_at is null
)

select account_id, listed.listed_by, spent.spend, spent.currency, reached.outcome
from listed
full join spent using (account_id)
left join reached on reached.scope = account_id
order by account_id
"""

SWITCHES = """
with versions as (
    select object_id as account_id, attribute, value, seen_from, seen_until,
        lag(value) over (
            partition by object_id, attribute order by seen_from
        ) as old_value
    from raw.facebook__object_versions
    where object_kind = 'account' and attribute in ('timezone_name', 'currency')
        and _deleted_at is null
)

select account_id, attribute, old_value, value, seen_from
from versions
where old_value <> value
    and seen_from > %(as_of)s::timestamptz - make_interval(days => %(days)s)
order by account_id, seen_from
"""

EXPIRIES = """
select kind, subject, expires_at
from raw.facebook__expiries
where _deleted_at is null and expires_at <= %(until)s
order by expires_at, kind, subject
"""

THAWED = """
select changes.account_id, changes.level, changes.stat_date,
    coalesce((changes.payload #>> '{new,spend}')::numeric, 0)
    - coalesce((changes.payload #>> '{old,spend}')::numeric, 0) as change
from raw.facebook__restatements as changes
left join raw.facebook__accounts as accounts using (account_id)
where changes._deleted_at is null
    and changes.read_at > %(as_of)s::timestamptz - make_interval(days => %(days)s)
    and (
        changes.read_before_at
        at time zone coalesce(accounts.payload ->> 'timezone_name', 'UTC')
    )::date - changes.stat_date > %(frozen)s::integer
order by changes.account_id, changes.level, changes.stat_date
"""

YESTERDAY = """
select accounts.payload ->> 'currency' as currency,
    coalesce(sum((days.payload ->> 'spend')::numeric), 0) as spend
from raw.facebook__accounts as accounts
left join raw.facebook__account_insights as days
    on accounts.account_id = days.account_id and days._deleted_at is null
    and days.stat_date
    = (%(as_of)s at time zone (accounts.payload ->> 'timezone_name'))::date - 1
where accounts._deleted_at is null
group by accounts.payload ->> 'currency'
order by currency
"""

FAILED = """
select distinct scope
from raw._loads
where system = 'facebook' and run_id = %(run_id)s and outcome = 'failed'
    and scope like 'act\\_%%'
"""
