-- An unattributed sale says why, an attributed one has nothing to explain.
select
    deal_id,
    team_name,
    reason
from {{ ref('sale_attribution') }}
where (team_name = 'Unattributed') <> (reason is not null)
