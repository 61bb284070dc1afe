with

restatements as (
    select * from {{ ref('stg_facebook__restatements') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

aged as (
    select
        restatements.*,
        accounts.currency,
        {{ days_apart(
            'restatements.stat_date',
            local_date('restatements.read_at', 'accounts.zone')
        ) }} as age_days,
        {{ days_apart(
            'restatements.stat_date',
            local_date('restatements.read_before_at', 'accounts.zone')
        ) }} as age_before_days
    from restatements
    inner join accounts on restatements.account_id = accounts.account_id
),

-- A day that still ran at the read before has grown; only a day that was over can be
-- restated.
steps as (
    select
        level,
        account_id,
        object_id,
        stat_date,
        read_at,
        read_before_at,
        currency,
        age_days,
        coalesce(age_before_days > 0, false) as is_restatement,
        case
            when not has_old then 'appeared'
            when not has_new then 'vanished'
            else 'restated'
        end as kind,
        {% for side in ['old', 'new'] -%}
        cast({{ side }}_spend as numeric(18, 2)) as {{ side }}_spend,
        {{ side }}_impressions,
        {{ side }}_clicks,
        {{ side }}_link_clicks,
        {{ side }}_leads{{ ',' if not loop.last }}
        {% endfor %}
    from aged
)

select * from steps
