with pipelines as (
    select *
    from {{ source('raw', 'amocrm__pipelines') }}
    where _deleted_at is null
),

flattened as (
    select
        id as pipeline_id,
        {{ json_text('payload', 'name') }} as pipeline_name,
        coalesce(
            {{ try_boolean(json_text('payload', 'is_archive')) }}, false
        ) as is_archive
    from pipelines
)

select * from flattened
