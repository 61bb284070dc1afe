-- A full payment went to another team than its prepayment.
select payment_chain_id
from {{ ref('int_attribution__sale_teams') }}
where payment_chain_id is not null and method <> 'manual'
group by payment_chain_id
having
    count(distinct team_key) > 1
    or (count(team_key) > 0 and count(team_key) < count(*))
