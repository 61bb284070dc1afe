with courses as (
    select *
    from {{ source('raw', 'tripwire__courses') }}
    where _deleted_at is null
),

typed as (
    select
        {{ whole_number('id') }} as course_id,
        cast(title as text) as title,
        {{ utc('created_at') }} as created_at
    from courses
)

select * from typed
