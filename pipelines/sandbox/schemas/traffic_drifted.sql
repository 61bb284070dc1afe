-- Traffic where other migrations ran: sales without a deal id, JSON kept as text, the
-- teams in their older shape, and a view where elsewhere there is a table.

alter table express_course_sales
drop column deal_id,
drop column amount,
drop column pipeline_id,
alter column amocrm_lead_id type int8 using null;

alter table main_product_sales drop column status_id;

alter table traffic_users
drop column enabled_funnels,
drop column primary_funnel_type,
add column reset_token text;

alter table traffic_user_utm_sources drop column fb_ad_account_id;

alter table traffic_leads
alter column metadata drop default,
alter column metadata type text using metadata::text,
drop column fb_adset_id,
add column quality_score int4;

alter table traffic_targetologist_settings
alter column tracked_campaigns drop default,
alter column tracked_campaigns type text using tracked_campaigns::text;

alter table traffic_admin_settings
alter column setting_value type text using setting_value::text;

-- The older shape of the teams.
alter table traffic_teams
drop column display_name,
drop column description,
drop column leader_user_id,
drop column is_active,
add column company text not null,
add column direction text not null;

drop table all_sales_tracking;

create view all_sales_tracking as
select
    deal_id::text as lead_id,
    amount as sale_amount,
    'express' as funnel_type,
    utm_source,
    utm_campaign,
    sale_date
from traffic_sales
where amount > 0
union all
select
    deal_id::text,
    amount,
    'challenge3d',
    coalesce(original_utm_source, utm_source),
    coalesce(original_utm_campaign, utm_campaign),
    sale_date
from challenge3d_sales
where amount > 0 and not prepaid;
