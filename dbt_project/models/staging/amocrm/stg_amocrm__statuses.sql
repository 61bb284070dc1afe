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
        {{ whole_number(json_text('statuses.item', 'type')) }} as status_type
    from pipelines
    cross join lateral
        {{ json_elements(json_at('pipelines.payload', ['_embedded', 'statuses'])) }}
            as statuses (item, place)
)

select * from statuses
