with tripwire_certificates as (
    select *
    from {{ source('raw', 'tripwire__tripwire_certificates') }}
    where _deleted_at is null
),

typed as (
    select
        cast(user_id as text) as user_id,
        cast(certificate_number as text) as certificate_number,
        cast(certificate_url as text) as certificate_url,
        cast(pdf_url as text) as pdf_url,
        {{ utc('issued_at') }} as issued_at
    from tripwire_certificates
)

select * from typed
