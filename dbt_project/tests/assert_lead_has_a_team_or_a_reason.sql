-- An unattributed lead says why, an attributed one has nothing to explain.
select
    lead_id,
    team_name,
    reason
from {{ ref('lead_attribution') }}
where (team_name = 'Unattributed') <> (reason is not null)
