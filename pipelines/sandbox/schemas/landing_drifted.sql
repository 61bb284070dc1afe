-- Landing where other migrations ran: fewer columns, other types, other names, and
-- columns nobody declared.

alter table journey_stages rename to lead_journey;

alter table landing_leads
alter column metadata drop default,
alter column metadata type text using metadata::text,
alter column amocrm_lead_id type int8 using null,
drop column client_id,
drop column amocrm_sync_attempts,
add column api_secret text;

alter table express_course_sales
alter column sale_date type timestamptz using sale_date at time zone 'UTC',
alter column updated_at type timestamptz using updated_at at time zone 'UTC',
drop column original_utm_content,
drop column original_utm_term,
add column card_token text;

alter table main_product_sales
alter column sale_date type timestamptz using sale_date at time zone 'UTC';

alter table exchange_rates
alter column fetched_at type timestamptz using fetched_at at time zone 'UTC';

alter table short_links drop column expires_at;

-- The newer shape of the teams.
alter table traffic_teams
drop column company,
drop column direction,
add column display_name text,
add column description text,
add column leader_user_id uuid,
add column is_active boolean default true;
