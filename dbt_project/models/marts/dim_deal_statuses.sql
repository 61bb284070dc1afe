with

dictionary as (
    select * from {{ ref('int_stages__named') }}
)

select
    pipeline_id,
    status_id,
    valid_from,
    valid_until,
    pipeline_name,
    status_name,
    sort,
    product,
    is_unsorted,
    is_won,
    is_lost,
    is_archive,
    valid_until is null as is_current
from dictionary
