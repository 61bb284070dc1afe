with pipelines as (
    select *
    from {{ source('raw', 'amocrm__pipelines') }}
    where _deleted_at is null
),

statuses as (
    select
        pipelines.id as pipeline_id,
        {{ try_bigint(json_text('statuses.item', 'id')) }} as status_id,
        {{ json_text('statuses.item', 'name') }} as status_name,
        {{ whole_number(json_text('statuses.item', 'sort')) }} as sort,
        {{ whole_number(json_text('statuses.item', 'type')) }} as status_type,
        statuses.place
    from pipelines
    cross join lateral
        {{ json_elements(json_at('pipelines.payload', ['_embedded', 'statuses'])) }}
            as statuses (item, place)
),

ranked as (
    select
        *,
        row_number() over (partition by pipeline_id, status_id order by place) as choice
    from statuses
    where status_id is not null
),

listed as (
    select
        pipeline_id,
        status_id,
        status_name,
        sort,
        status_type
    from ranked
    where choice = 1
)

select * from listed
