-- The old funnel page counted some leads twice.
select
    person_id,
    funnel,
    count(*) as first_rows
from {{ ref('lead_attribution') }}
where is_first_in_funnel
group by person_id, funnel
having count(*) <> 1
