-- One pattern owned by two teams went to whichever came first.
{{ config(meta={'dagster': {'ref': {'name': 'int_utm__team_candidates'}}}) }}
with

offers as (
    select
        lookup_id,
        match_level,
        count(distinct team_key) as team_count
    from {{ ref('int_utm__team_candidates') }}
    group by lookup_id, match_level
)

select
    answers.lookup_id,
    answers.team_key
from {{ ref('int_utm__teams') }} as answers
inner join offers
    on
        answers.lookup_id = offers.lookup_id
        and answers.match_level = offers.match_level
where answers.team_key is not null and offers.team_count > 1
