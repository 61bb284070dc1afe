with

signs as (
    select * from {{ ref('stg_amocrm__deal_signs') }}
),

absences as (
    select * from {{ ref('stg_amocrm__absences') }}
    where entity_type = 'leads'
),

hook_items as (
    select * from {{ ref('stg_amocrm__webhook_items') }}
    where entity_type = 'leads' and action = 'delete' and outcome = 'missing'
),

loads as (
    select * from {{ ref('stg_pipeline__loads') }}
    where system = 'amocrm'
),

tombstones as (
    select * from {{ ref('int_sales__tombstones') }}
),

deals as (
    select * from {{ ref('int_sales__amocrm_deals') }}
),

deal_contacts as (
    select * from {{ ref('stg_amocrm__deal_contacts') }}
),

runs as (
    select
        run_id,
        min(as_of) as as_of
    from loads
    group by run_id
),

known_signs as (
    select
        signs.*,
        coalesce(runs.as_of, signs.happened_at) as known_at
    from signs
    left join runs on signs.run_id = runs.run_id
    where signs.deal_id is not null and signs.happened_at is not null
),

-- A stub that no longer lies there was known when its event was. What a sweep found
-- again is back, unless two other witnesses still say gone.
both_ways as (
    select
        deal_id,
        happened_at,
        case sign
            when 'trash' then 'trash'
            when 'lead_deleted' then 'event'
            else 'restored'
        end as witness,
        case when is_standing then known_at end as known_at,
        case sign when 'lead_restored' then 2 else 1 end as place,
        sign = 'trash' and is_standing as is_in_trash,
        author_kind,
        author_user_id,
        cast(null as integer) as sweeps
    from known_signs
    where sign in ('lead_deleted', 'trash', 'lead_restored')
    union all
    select
        entity_id as deal_id,
        missed_from as happened_at,
        'absence' as witness,
        missed_from as known_at,
        1 as place,
        false as is_in_trash,
        cast(null as text) as author_kind,
        cast(null as bigint) as author_user_id,
        sweeps
    from absences
    union all
    select
        absences.entity_id as deal_id,
        absences.missed_until as happened_at,
        'found' as witness,
        absences.missed_until as known_at,
        2 as place,
        false as is_in_trash,
        cast(null as text) as author_kind,
        cast(null as bigint) as author_user_id,
        cast(null as integer) as sweeps
    from absences
    left join tombstones on absences.entity_id = tombstones.deal_id
    where absences.missed_until is not null and tombstones.deal_id is null
),

numbered as (
    select
        both_ways.*,
        coalesce(
            sum(case when place = 2 then 1 else 0 end) over (
                partition by deal_id
                order by happened_at, place, witness
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as returns_before
    from both_ways
),

episodes as (
    select
        deal_id,
        min(case when place = 1 then happened_at end) as opened_at,
        min(case when place = 2 then happened_at end) as closed_at,
        min(case when place = 2 then known_at end) as closed_known_at,
        min(case when witness = 'event' then happened_at end) as event_at,
        min(case when witness = 'event' then known_at end) as event_known_at,
        min(case when witness = 'trash' then happened_at end) as trash_at,
        min(case when witness = 'trash' then known_at end) as trash_known_at,
        min(case when witness = 'absence' then happened_at end) as absence_at,
        coalesce({{ any_of('is_in_trash') }}, false) as is_in_trash,
        min(case when witness = 'event' then author_kind end) as author_kind,
        min(case when witness = 'event' then author_user_id end) as author_user_id,
        coalesce(max(sweeps), 0) as sweeps
    from numbered
    group by deal_id, returns_before
),

last_hooks as (
    select
        entity_id as deal_id,
        max(received_at) as hook_at
    from hook_items
    group by entity_id
),

-- A hook is heard after the others: of a deal that nothing else speaks of it tells
-- alone, else it stands beside the last going.
witnessed as (
    select
        coalesce(episodes.deal_id, last_hooks.deal_id) as deal_id,
        coalesce(episodes.opened_at, last_hooks.hook_at) as opened_at,
        episodes.closed_at,
        episodes.closed_known_at,
        episodes.event_at,
        episodes.event_known_at,
        episodes.trash_at,
        coalesce(
            episodes.trash_known_at,
            case
                when episodes.trash_at is not null
                    then coalesce(episodes.event_known_at, episodes.trash_at)
            end
        ) as trash_known_at,
        episodes.absence_at,
        case
            when
                row_number() over (
                    partition by coalesce(episodes.deal_id, last_hooks.deal_id)
                    order by episodes.opened_at desc
                ) = 1
                then last_hooks.hook_at
        end as hook_at,
        coalesce(episodes.is_in_trash, false) as is_in_trash,
        episodes.author_kind,
        episodes.author_user_id,
        coalesce(episodes.sweeps, 0) as sweeps
    from episodes
    full outer join last_hooks on episodes.deal_id = last_hooks.deal_id
    where episodes.opened_at is not null or episodes.deal_id is null
),

merge_events as (
    select * from known_signs
    where sign = 'entity_merged'
),

-- Nobody has published what the event of a merge says: the deal that vanished without
-- a word of its own after it, and whose contact the survivor has, is the loser.
losers as (
    select
        witnessed.deal_id,
        witnessed.opened_at,
        merge_events.deal_id as survivor_deal_id,
        merge_events.happened_at as merged_at,
        merge_events.author_kind,
        merge_events.author_user_id,
        row_number() over (
            partition by witnessed.deal_id, witnessed.opened_at
            order by merge_events.happened_at desc, merge_events.sign_id
        ) as choice
    from witnessed
    inner join deals on witnessed.deal_id = deals.deal_id
    inner join deal_contacts on witnessed.deal_id = deal_contacts.deal_id
    inner join deal_contacts as survivor_contacts
        on
            deal_contacts.contact_id = survivor_contacts.contact_id
            and deal_contacts.deal_id <> survivor_contacts.deal_id
    inner join merge_events
        on
            survivor_contacts.deal_id = merge_events.deal_id
            and merge_events.happened_at between deals.updated_at and witnessed.absence_at
    where witnessed.event_at is null and witnessed.trash_at is null
),

-- A deal that no read ever showed is absent for a tombstone too.
explained as (
    select
        witnessed.*,
        losers.survivor_deal_id,
        losers.merged_at,
        losers.author_kind as merged_by_kind,
        losers.author_user_id as merged_by_user_id,
        tombstones.deal_id is not null as is_dead,
        cast(
            (case when witnessed.event_at is not null then 1 else 0 end)
            + (case when witnessed.trash_at is not null then 1 else 0 end)
            + (
                case
                    when
                        witnessed.absence_at is not null
                        or (
                            witnessed.closed_at is null
                            and tombstones.deal_id is not null
                            and coalesce(deals.is_absent, true)
                        )
                        then 1
                    else 0
                end
            )
            as integer
        ) as witness_count,
        count(case
            when
                witnessed.event_at is null
                and witnessed.trash_at is null
                and losers.deal_id is null
                then 1
        end) over (partition by witnessed.absence_at) as silent_in_sweep
    from witnessed
    left join losers
        on
            witnessed.deal_id = losers.deal_id
            and witnessed.opened_at = losers.opened_at
            and losers.choice = 1
    left join tombstones on witnessed.deal_id = tombstones.deal_id
    left join deals on witnessed.deal_id = deals.deal_id
)

-- Rights that shrink and the trash that is emptied leave no word behind.
select
    deal_id,
    opened_at,
    closed_at,
    closed_known_at,
    case
        when merged_at is not null then 'merged'
        when
            closed_at is null
            and sweeps >= 2
            and event_at is not null
            and not is_in_trash
            then 'purged'
        when event_at is not null or trash_at is not null then 'deleted'
        when
            absence_at is not null
            and silent_in_sweep >= {{ var('rights_lost_least') }}
            then 'rights_lost'
        else 'unknown'
    end as kind,
    event_at,
    trash_at,
    absence_at,
    hook_at,
    merged_at,
    survivor_deal_id,
    sweeps,
    witness_count,
    coalesce(author_kind, merged_by_kind) as author_kind,
    coalesce(author_user_id, merged_by_user_id) as author_user_id,
    closed_at is null and is_dead as is_tombstone,
    case
        when (closed_at is null and is_dead) or (closed_at is not null and witness_count >= 2)
            then
                case witness_count
                    when 3
                        then greatest(
                            least(event_known_at, trash_known_at),
                            least(
                                greatest(event_known_at, trash_known_at), absence_at
                            )
                        )
                    else greatest(event_known_at, trash_known_at, absence_at)
                end
    end as tombstone_known_at
from explained
