with lead_forms as (
    select *
    from {{ source('raw', 'facebook__lead_forms') }}
    where _deleted_at is null
),

flattened as (
    select
        cast(form_id as text) as form_id,
        coalesce(
            cast(page_id as text),
            {{ json_text('payload', 'page_id') }},
            {{ json_text('payload', ['page', 'id']) }}
        ) as page_id,
        {{ json_text('payload', 'name') }} as form_name,
        {{ json_text('payload', 'status') }} as status,
        {{ whole_number(json_text('payload', 'leads_count')) }} as leads_count,
        {{ whole_number(json_text('payload', 'organic_leads_count')) }}
            as organic_leads_count,
        {{ whole_number(json_text('payload', 'expired_leads_count')) }}
            as expired_leads_count,
        {{ utc(json_text('payload', 'created_time')) }} as created_at
    from lead_forms
)

select * from flattened
