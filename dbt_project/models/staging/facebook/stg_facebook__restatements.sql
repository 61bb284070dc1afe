with restatements as (
    select *
    from {{ source('raw', 'facebook__restatements') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(level as text) as level,
        {{ account_id('account_id') }} as account_id,
        cast(object_id as text) as object_id,
        {{ source_day('stat_date') }} as stat_date,
        {{ utc('read_at') }} as read_at,
        {{ utc('read_before_at') }} as read_before_at,
        {% for side in ['old', 'new'] -%}
        {{ json_text('payload', side) }} is not null as has_{{ side }},
        {{ try_numeric(json_text('payload', [side, 'spend'])) }} as {{ side }}_spend,
        {% for figure in ['impressions', 'clicks', 'leads'] -%}
        {{ whole_number(json_text('payload', [side, figure])) }}
            as {{ side }}_{{ figure }},
        {% endfor -%}
        {{ whole_number(json_text('payload', [side, 'inline_link_clicks'])) }}
            as {{ side }}_link_clicks
        {{- ',' if not loop.last }}
        {% endfor %}
    from restatements
)

select * from flattened
