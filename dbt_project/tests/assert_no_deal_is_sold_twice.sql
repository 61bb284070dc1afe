-- One deal in two tables, or matched by two mapping rows, doubled its revenue.
select
    deal_id,
    count(*) as sale_count
from {{ ref('sale_attribution') }}
group by deal_id
having count(*) > 1
