with

raw_sets as (
    select * from {{ ref('int_utm__raw_sets') }}
),

distinct_values as (
    {% for field in utm_fields() + ['id'] %}
    select raw_{{ field }} as raw_value from raw_sets
    where raw_{{ field }} is not null
    {% if not loop.last %}union distinct{% endif %}
    {% endfor %}
),

-- Each spelling is normalised once, however many rows carry it.
cleaned as (
    select
        raw_value,
        {{ utm_norm('raw_value') }} as utm_value,
        {{ utm_clean('raw_value') }} as clean_value,
        {{ utm_issue('raw_value') }} as utm_issue
    from distinct_values
),

judged as (
    select
        raw_value,
        utm_value,
        utm_issue,
        coalesce({{ is_test_value('clean_value') }}, false) as is_test
    from cleaned
)

select * from judged
