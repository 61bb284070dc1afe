with

activities as (
    select * from {{ ref('stg_facebook__activities') }}
),

activity_kinds as (
    select * from {{ ref('facebook_activity_kinds') }}
),

whole_currencies as (
    select * from {{ ref('facebook_whole_currencies') }}
),

accounts as (
    select * from {{ ref('int_coverage__accounts') }}
),

objects as (
    select * from {{ ref('int_ad_objects__named') }}
),

-- An object that we do not know may be a person: neither name nor values are shown.
placed as (
    select
        activities.account_id,
        activities.activity_id,
        activities.event_at,
        activities.event_type,
        activities.currency,
        case
            when objects.object_id is not null
                or {{ account_id('activities.object_id') }} = activities.account_id
                then activities.object_id
        end as object_id,
        case
            when objects.object_id is not null
                or {{ account_id('activities.object_id') }} = activities.account_id
                then activities.object_name
        end as object_name,
        case
            when objects.object_id is not null or activity_kinds.kind is not null
                then activities.old_value
        end as old_value,
        case
            when objects.object_id is not null or activity_kinds.kind is not null
                then activities.new_value
        end as new_value,
        {{ local_date('activities.event_at', 'accounts.zone') }} as stat_date,
        accounts.local_today,
        coalesce(activity_kinds.kind, 'other') as change_kind,
        coalesce(activity_kinds.is_edit, false) as is_edit,
        coalesce(
            activity_kinds.words,
            activities.event_words,
            replace(activities.event_type, '_', ' '),
            'Unknown event'
        ) as words,
        coalesce(objects.object_kind, 'account') as object_kind,
        objects.campaign_id,
        case
            when activities.currency is null then null
            when whole_currencies.currency is not null then 1
            else 100
        end as smallest_units
    from activities
    inner join accounts on activities.account_id = accounts.account_id
    left join activity_kinds on activities.event_type = activity_kinds.event_type
    left join objects on activities.object_id = objects.object_id
    left join whole_currencies on activities.currency = whole_currencies.currency
),

-- Sums of money come in cents.
valued as (
    select
        *,
        {%- for side in ['old_value', 'new_value'] %}
        case
            when smallest_units is null or {{ try_numeric(side) }} is null then {{ side }}
            else
                cast(
                    round({{ try_numeric(side) }} / smallest_units, 2) as text
                ) || ' ' || currency
        end as {{ side }}_words{{ ',' if not loop.last }}
        {%- endfor %}
    from placed
),

described as (
    select
        account_id,
        activity_id,
        event_at,
        stat_date,
        local_today,
        event_type,
        change_kind,
        is_edit,
        object_kind,
        object_id,
        object_name,
        campaign_id,
        old_value_words as old_value,
        new_value_words as new_value,
        words
        || case
            when old_value_words is not null and new_value_words is not null
                then ': ' || old_value_words || ' → ' || new_value_words
            when new_value_words is not null then ': ' || new_value_words
            when old_value_words is not null then ': was ' || old_value_words
            else ''
        end as description
    from valued
)

select * from described
