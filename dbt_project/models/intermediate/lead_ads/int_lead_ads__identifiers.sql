with

answers as (
    select * from {{ ref('stg_facebook__lead_answers') }}
),

-- A field of Facebook's own is called phone_number; a question of ours is in words.
phone_answers as (
    select lead_id, answer from answers
    where {{ matches('question', 'phone|whatsapp|телефон|ватсап|вотсап') }}
),

identifiers as (
    select
        phone_answers.lead_id,
        'phone' as kind,
        'phone:' || found.identifier as identifier
    from phone_answers
    cross join {{ unnest(phones('phone_answers.answer')) }} as found (identifier)
    union distinct
    select
        answers.lead_id,
        'email' as kind,
        'email:' || found.identifier as identifier
    from answers
    cross join {{ unnest(emails('answers.answer')) }} as found (identifier)
)

select * from identifiers
