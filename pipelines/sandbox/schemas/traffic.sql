-- Traffic Dashboard: users, mapping, plans, copies of leads and sales, and the
-- aggregates that stand empty. The currency columns lie: every deal is in tenge.

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end $$;

create table traffic_teams (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    display_name text,
    description text,
    leader_user_id uuid,
    is_active boolean default true,
    fb_ad_account_id text,
    color text,
    emoji text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    password_hash text not null,
    full_name text not null,
    team_name text not null,
    role text default 'targetologist',
    team_id uuid references traffic_teams,
    is_active boolean default true,
    utm_source text,
    funnel_type text check (funnel_type in ('express', 'challenge3d', 'intensive1d')),
    auto_sync_enabled boolean default true,
    last_sync_at timestamptz,
    enabled_funnels text[] default '{}',
    primary_funnel_type text,
    last_login_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_user_utm_sources (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references traffic_users on delete cascade,
    utm_source text not null,
    utm_medium text,
    funnel_type text not null
        check (funnel_type in ('express', 'challenge3d', 'intensive1d')),
    fb_ad_account_id text,
    fb_campaign_ids text[] default '{}',
    is_active boolean default true,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (utm_source, funnel_type)
);

create table traffic_ad_account_bindings (
    id uuid primary key default gen_random_uuid(),
    ad_account_id varchar(50) not null,
    ad_platform varchar(20) default 'facebook'
        check (ad_platform in ('facebook', 'tiktok', 'google', 'vk')),
    team_id uuid,
    team_name text not null,
    created_by uuid,
    is_active boolean default true,
    verified boolean default false,
    last_verified_at timestamptz,
    total_spend numeric(15, 2) default 0,
    last_spend_sync_at timestamptz,
    notes text,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (ad_account_id, ad_platform)
);

create table traffic_targetologist_settings (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    fb_ad_accounts jsonb default '[]',
    tracked_campaigns jsonb default '[]',
    fb_access_token text,
    utm_source text default 'facebook',
    utm_medium text default 'cpc',
    utm_templates jsonb default '{}',
    tracking_by text default 'utm_source',
    assigned_utm_source text unique,
    utm_sources jsonb,
    personal_utm_source text,
    notification_email text,
    notification_telegram int8,
    report_frequency text default 'daily',
    last_synced_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_leads (
    id uuid primary key default gen_random_uuid(),
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    funnel_type text check (funnel_type in ('express', 'challenge3d', 'intensive1d')),
    status text default 'new'
        check (status in ('new', 'contacted', 'qualified', 'converted', 'lost')),
    phone text,
    email text,
    name text,
    source text default 'facebook',
    fb_lead_id varchar(100),
    fb_form_id varchar(100),
    fb_ad_id varchar(100),
    fb_adset_id varchar(100),
    fb_campaign_id varchar(100),
    amocrm_lead_id int8,
    amocrm_contact_id int8,
    amocrm_pipeline_id int8,
    amocrm_status_id int8,
    metadata jsonb default '{}',
    landing_lead_id uuid,
    landing_db_imported boolean default false,
    lead_date timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_lead_journey (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid references traffic_leads,
    stage text,
    source text,
    metadata jsonb default '{}',
    created_at timestamptz default now()
);

create table traffic_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 unique,
    contact_id int8,
    amount numeric(12, 2) not null,
    currency text default 'USD',
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    customer_name text,
    customer_phone text,
    customer_email text,
    product_name text default 'Express Course',
    payment_method text,
    lead_id uuid references traffic_leads,
    sale_date timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table express_course_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 unique,
    amocrm_lead_id text,
    amocrm_contact_id text,
    pipeline_id int8,
    status_id int8,
    lead_name text,
    lead_email text,
    lead_phone text,
    amount numeric(12, 2),
    sale_amount numeric(12, 2),
    currency text default 'USD',
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    original_utm_source text,
    original_utm_campaign text,
    original_utm_medium text,
    original_utm_content text,
    original_utm_term text,
    attribution_source varchar(50),
    related_deal_id int8,
    sale_date timestamptz not null,
    metadata jsonb default '{}',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table main_product_sales (like express_course_sales including all);

create table intensive1d_sales (
    id uuid primary key default gen_random_uuid(),
    amocrm_lead_id text,
    amocrm_contact_id text,
    lead_name text,
    lead_email text,
    lead_phone text,
    sale_amount numeric(12, 2) default 25000,
    sale_type text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    sale_date timestamptz not null,
    metadata jsonb default '{}',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table challenge3d_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 unique,
    amount numeric(12, 2) not null,
    sale_amount numeric(12, 2),
    currency text default 'USD',
    prepaid boolean default false,
    sale_type text check (sale_type in ('Prepayment', 'Full Payment')),
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    original_utm_source text,
    original_utm_medium text,
    original_utm_campaign text,
    original_utm_content text,
    original_utm_term text,
    prepayment_deal_id int8,
    product_name text,
    payment_method text,
    lead_id uuid references traffic_leads,
    customer_id int8,
    contact_id int8,
    customer_name text,
    phone text,
    email text,
    lead_name text,
    lead_email text,
    lead_phone text,
    sale_date timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

-- One-off copies of Landing, cut by a page limit of 1,000 rows.
create table leads (
    id uuid primary key default gen_random_uuid(),
    email text,
    name text,
    phone text,
    source text,
    amocrm_lead_id text,
    metadata jsonb default '{}',
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    created_at timestamptz,
    updated_at timestamptz
);

create table journey_stages (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid,
    stage text,
    event_type text,
    source text,
    metadata jsonb default '{}',
    created_at timestamptz
);

create table lead_tracking (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    team_name text,
    attributed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table all_sales_tracking (
    id uuid primary key default gen_random_uuid(),
    lead_id text not null unique,
    contact_name text,
    contact_phone text,
    contact_email text,
    sale_amount numeric not null,
    product_name text,
    currency text default 'USD',
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    utm_id text,
    referrer text,
    landing_page text,
    device text,
    browser text,
    os text,
    country text,
    city text,
    pipeline_id text,
    status_id text,
    responsible_user_id text,
    responsible_user_name text,
    targetologist text,
    funnel_type text,
    targetologist_id uuid,
    detection_method text,
    sale_date timestamptz,
    usd_to_kzt_rate numeric(12, 4),
    raw_webhook_data jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table sales_notifications (
    id uuid primary key default gen_random_uuid(),
    lead_id int8,
    sale_amount numeric,
    product_name text,
    targetologist text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    sale_date timestamptz,
    pipeline_id int8,
    status_id int8,
    notification_status text,
    notified_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_fb_campaigns (
    id uuid primary key default gen_random_uuid(),
    fb_campaign_id text unique,
    fb_ad_account_id text,
    campaign_name text,
    campaign_status text,
    campaign_objective text,
    team_name text,
    team_id uuid,
    utm_source text,
    utm_medium text default 'cpc',
    utm_campaign text,
    spend numeric(15, 2),
    impressions int4,
    clicks int4,
    ctr numeric(5, 2),
    cpc numeric(10, 2),
    cpm numeric(10, 2),
    conversions int4,
    cost_per_conversion numeric(10, 2),
    data_start_date date,
    data_end_date date,
    last_synced_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_fb_ad_sets (
    id uuid primary key default gen_random_uuid(),
    fb_ad_set_id text unique,
    campaign_id uuid references traffic_fb_campaigns,
    fb_campaign_id text,
    ad_set_name text,
    ad_set_status text,
    targeting jsonb,
    spend numeric(15, 2),
    impressions int4,
    clicks int4,
    last_synced_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table traffic_fb_ads (
    id uuid primary key default gen_random_uuid(),
    fb_ad_id text unique,
    ad_set_id uuid references traffic_fb_ad_sets,
    fb_ad_set_id text,
    ad_name text,
    ad_status text,
    ad_format text,
    creative_url text,
    spend numeric(15, 2),
    impressions int4,
    clicks int4,
    last_synced_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table facebook_ad_spend (
    id uuid primary key default gen_random_uuid(),
    ad_account_id varchar(50) not null,
    date date not null,
    spend numeric(10, 2),
    currency text default 'USD',
    impressions int4,
    clicks int4,
    reach int4,
    leads int4,
    ctr numeric(10, 4),
    cpc numeric(10, 4),
    cpm numeric(10, 4),
    cpl numeric(10, 4),
    campaign_id text,
    campaign_name text,
    synced_at timestamptz,
    created_at timestamptz default now(),
    unique (ad_account_id, date)
);

create table traffic_sales_stats (
    id uuid primary key default gen_random_uuid(),
    date date not null,
    period_type text check (period_type in ('daily', 'weekly', 'monthly')),
    team_name text not null,
    team_id uuid,
    utm_source text,
    utm_medium text default 'cpc',
    total_sales int4 default 0,
    total_revenue numeric(15, 2) default 0,
    average_order_value numeric(10, 2),
    flagman_sales int4 default 0,
    flagman_revenue numeric(15, 2) default 0,
    express_sales int4 default 0,
    express_revenue numeric(15, 2) default 0,
    leads_count int4 default 0,
    conversion_rate numeric(5, 2),
    fb_spend numeric(15, 2) default 0,
    fb_impressions int4 default 0,
    fb_clicks int4 default 0,
    fb_ctr numeric(5, 2),
    fb_cpc numeric(10, 2),
    fb_cpm numeric(10, 2),
    roi numeric(10, 2),
    roas numeric(10, 2),
    cpa numeric(10, 2),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (date, period_type, team_name)
);

create table traffic_weekly_plans (
    id uuid primary key default gen_random_uuid(),
    team_name text not null,
    team_id uuid,
    week_start date not null,
    week_end date not null,
    week_number int4 not null,
    year int4 not null,
    prev_week_revenue numeric(12, 2),
    prev_week_sales int4,
    prev_week_spend numeric(10, 2),
    prev_week_roas numeric(5, 2),
    prev_week_cpa numeric(10, 2),
    plan_revenue numeric(12, 2),
    plan_sales int4,
    plan_spend numeric(10, 2),
    plan_roas numeric(5, 2),
    plan_cpa numeric(10, 2),
    actual_revenue numeric(12, 2),
    actual_sales int4,
    actual_spend numeric(10, 2),
    actual_roas numeric(5, 2),
    actual_cpa numeric(10, 2),
    completion_percentage int4,
    status text default 'pending' check (
        status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')
    ),
    ai_generated_plan jsonb,
    ai_recommendations text,
    growth_percentage numeric(5, 2) default 10,
    ai_model text,
    admin_notes text,
    adjusted_by text,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (team_name, week_start)
);

create table traffic_admin_settings (
    id uuid primary key default gen_random_uuid(),
    setting_key text unique not null,
    setting_value jsonb not null,
    updated_at timestamptz default now()
);

create table exchange_rates (
    date date primary key,
    usd_to_kzt numeric(12, 4) not null,
    source varchar(50),
    fetched_at timestamptz default now()
);

create table traffic_aggregated_metrics (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    period text,
    metrics jsonb,
    updated_at timestamptz default now()
);

create table traffic_sync_history (
    id uuid primary key default gen_random_uuid(),
    sync_type text,
    status text,
    records_synced int4,
    started_at timestamptz,
    finished_at timestamptz
);

create table traffic_facebook_ads_raw (
    id uuid primary key default gen_random_uuid(),
    campaign_id text,
    date_range_start date,
    payload jsonb,
    created_at timestamptz default now()
);

create table historical_sync_log (
    id uuid primary key default gen_random_uuid(),
    sync_name text,
    status text,
    rows_synced int4,
    details jsonb,
    created_at timestamptz default now()
);

create table audit_log (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    action text,
    details jsonb,
    created_at timestamptz default now()
);

create table sales_activity_log (
    id uuid primary key default gen_random_uuid(),
    sale_id text,
    action_type text
        check (action_type in ('created', 'updated', 'attributed', 'deleted')),
    team_name text,
    user_id uuid,
    metadata jsonb default '{}',
    created_at timestamptz default now()
);

create table traffic_user_sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references traffic_users on delete cascade,
    token_hash text,
    ip_address text,
    user_agent text,
    created_at timestamptz default now(),
    expires_at timestamptz
);

create table traffic_onboarding_progress (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references traffic_users on delete cascade,
    is_completed boolean default false,
    current_step int4 default 0,
    updated_at timestamptz default now()
);

create table traffic_onboarding_step_tracking (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references traffic_users on delete cascade,
    step text,
    created_at timestamptz default now()
);

create trigger touch before update on traffic_leads
for each row execute function set_updated_at();
create trigger touch before update on traffic_ad_account_bindings
for each row execute function set_updated_at();
create trigger touch before update on express_course_sales
for each row execute function set_updated_at();
create trigger touch before update on main_product_sales
for each row execute function set_updated_at();
create trigger touch before update on challenge3d_sales
for each row execute function set_updated_at();
