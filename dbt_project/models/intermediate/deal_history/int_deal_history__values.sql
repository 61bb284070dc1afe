{%- set history %}
            partition by deal_id, attribute, field_id
            order by known_at, version, source_id
{%- endset -%}
{%- set created %}coalesce(sequenced.created_at, creations.known_at){% endset -%}

with

points as (
    select * from {{ ref('int_deal_history__points') }}
),

sequenced as (
    select
        points.*,
        row_number() over ({{ history }}) as place,
        lag(value_after) over ({{ history }}) as known_value,
        lag(known_at) over ({{ history }}) as last_known_at
    from points
    where attribute <> 'creation'
),

creations as (
    select
        deal_id,
        known_at,
        author_kind,
        author_user_id,
        row_number() over (partition by deal_id order by known_at, source_id)
            as creation
    from points
    where attribute = 'creation'
),

-- What an event says was there before it has been there since the deal was made, and
-- so has what the first version shows; but no deal is made won or lost.
opened as (
    select
        sequenced.*,
        {{ created }} as made_at,
        creations.author_kind as creator_kind,
        creations.author_user_id as creator_user_id,
        case sequenced.source
            when 'event' then sequenced.value_before
            else sequenced.value_after
        end as value,
        coalesce(sequenced.closed_at > {{ created }}, false) as is_closed_unseen
    from sequenced
    left join creations
        on
            sequenced.deal_id = creations.deal_id
            and creations.creation = 1
    where sequenced.place = 1
),

first_values as (
    select
        deal_id,
        attribute,
        field_id,
        parameter,
        field_rank,
        0 as place,
        value,
        cast(null as text) as value_before,
        case
            when is_closed_unseen then closed_at
            when made_at > known_at then known_at
            else made_at
        end as held_from,
        case when is_closed_unseen then 'version' else 'created' end as source,
        case when is_closed_unseen then source_id end as source_id,
        case when attribute = 'stage' and not is_closed_unseen then creator_kind end
            as author_kind,
        case when attribute = 'stage' and not is_closed_unseen then creator_user_id end
            as author_user_id,
        is_closed_unseen as is_gap
    from opened
    where value <> ''
),

later_values as (
    select
        deal_id,
        attribute,
        field_id,
        parameter,
        field_rank,
        place,
        value_after as value,
        case source when 'event' then value_before else known_value end
            as value_before,
        case
            when source = 'version' and closed_at > last_known_at and closed_at < known_at
                then closed_at
            else known_at
        end as held_from,
        source,
        source_id,
        author_kind,
        author_user_id,
        source = 'version'
        or coalesce(known_value, value_before) <> value_before as is_gap
    from sequenced
    where source = 'event' or (place > 1 and value_after <> known_value)
),

all_values as (
    select * from first_values
    union all
    select * from later_values
),

described as (
    select
        deal_id,
        attribute,
        field_id,
        parameter,
        field_rank,
        cast(
            row_number() over (
                partition by deal_id, attribute, field_id order by place
            ) as integer
        ) as step,
        nullif(value, '') as value,
        nullif(value_before, '') as value_before,
        held_from,
        lead(held_from) over (
            partition by deal_id, attribute, field_id order by place
        ) as held_until,
        source,
        source_id,
        author_kind,
        author_user_id,
        is_gap
    from all_values
)

select * from described
