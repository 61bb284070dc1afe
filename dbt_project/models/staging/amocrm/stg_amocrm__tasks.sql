with tasks as (
    select *
    from {{ source('raw', 'amocrm__tasks') }}
    where _deleted_at is null
),

flattened as (
    select
        id as task_id,
        {{ json_text('payload', 'entity_type') }} as entity_type,
        {{ try_bigint(json_text('payload', 'entity_id')) }} as entity_id,
        {{ try_bigint(json_text('payload', 'responsible_user_id')) }}
            as responsible_user_id,
        {{ try_bigint(json_text('payload', 'task_type_id')) }} as task_type_id,
        coalesce(
            {{ try_boolean(json_text('payload', 'is_completed')) }}, false
        ) as is_completed,
        {{ json_text('payload', ['result', 'text']) }} is not null as has_result,
        {{ epoch_utc(json_text('payload', 'complete_till')) }} as due_at,
        {{ epoch_utc(json_text('payload', 'created_at')) }} as created_at,
        {{ epoch_utc(json_text('payload', 'updated_at')) }} as updated_at
    from tasks
)

select * from flattened
