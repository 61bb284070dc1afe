with

dictionary_versions as (
    select * from {{ ref('stg_amocrm__dictionary_versions') }}
),

pipeline_products as (
    select * from {{ ref('amocrm_pipelines') }}
),

pipelines as (
    select
        pipeline_id,
        item_name as pipeline_name,
        is_archive,
        valid_from,
        valid_until
    from dictionary_versions
    where kind = 'pipeline'
),

statuses as (
    select
        pipeline_id,
        status_id,
        item_name as status_name,
        sort,
        {{ whole_number('item_type') }} as status_type,
        valid_from,
        valid_until
    from dictionary_versions
    where kind = 'status'
),

-- A stage is what both were at a time: its own name and that of its pipeline.
named as (
    select
        statuses.pipeline_id,
        statuses.status_id,
        statuses.status_name,
        statuses.sort,
        statuses.status_type,
        pipelines.pipeline_name,
        coalesce(pipelines.is_archive, false) as is_archive,
        case
            when pipelines.valid_from > statuses.valid_from then pipelines.valid_from
            else statuses.valid_from
        end as valid_from,
        case
            when pipelines.valid_until is null then statuses.valid_until
            when statuses.valid_until < pipelines.valid_until then statuses.valid_until
            else pipelines.valid_until
        end as valid_until
    from statuses
    left join pipelines
        on
            statuses.pipeline_id = pipelines.pipeline_id
            and (
                statuses.valid_until is null
                or pipelines.valid_from < statuses.valid_until
            )
            and (
                pipelines.valid_until is null
                or statuses.valid_from < pipelines.valid_until
            )
),

described as (
    select
        named.pipeline_id,
        named.status_id,
        named.valid_from,
        named.valid_until,
        named.pipeline_name,
        named.status_name,
        named.sort,
        nullif(pipeline_products.product, '') as product,
        coalesce(named.status_type = 1, false) as is_unsorted,
        named.status_id = {{ won_status() }} as is_won,
        named.status_id = {{ lost_status() }} as is_lost,
        named.is_archive
    from named
    left join pipeline_products on named.pipeline_id = pipeline_products.pipeline_id
    where named.pipeline_id is not null and named.status_id is not null
)

select * from described
