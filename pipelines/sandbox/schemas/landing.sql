-- Landing: what the landing pages and the AmoCRM hooks write. Real shapes, secrets
-- and personal data included; timestamps without zone hold UTC.

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end $$;

create table landing_leads (
    id uuid primary key default gen_random_uuid(),
    email text,
    name text not null,
    phone text not null,
    phone_normalized text,
    source text default 'twland',
    amocrm_lead_id text,
    amocrm_contact_id varchar(50),
    amocrm_synced boolean default false,
    amocrm_sync_status varchar(50),
    amocrm_sync_attempts int4 default 0,
    amocrm_sync_last_error text,
    metadata jsonb default '{}',
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    client_id text,
    email_sent boolean default false,
    email_sent_at timestamptz,
    email_opened_at timestamptz,
    email_clicked boolean default false,
    email_clicked_at timestamptz,
    sms_sent boolean default false,
    sms_sent_at timestamptz,
    sms_delivered boolean default false,
    sms_delivered_at timestamptz,
    sms_clicked boolean default false,
    sms_clicked_at timestamptz,
    click_count int4 default 0,
    landing_visited boolean default false,
    landing_visited_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint landing_leads_contact check (phone is not null or email is not null)
);
create unique index landing_leads_deal on landing_leads (amocrm_lead_id);

create table journey_stages (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid not null references landing_leads on delete cascade,
    stage text not null,
    event_type text,
    source text,
    metadata jsonb default '{}',
    created_at timestamptz not null default now()
);

create table express_course_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 not null unique,
    pipeline_id int8,
    status_id int8,
    amount numeric default 5000,
    currency varchar(3) default 'KZT',
    utm_source varchar(100),
    utm_campaign varchar(255),
    utm_medium varchar(100),
    utm_content varchar(255),
    utm_term varchar(255),
    original_utm_source text,
    original_utm_campaign text,
    original_utm_medium text,
    original_utm_content text,
    original_utm_term text,
    attribution_source varchar(50),
    related_deal_id int8,
    phone varchar(50),
    email varchar(255),
    customer_name varchar(255),
    customer_id int8,
    sale_date timestamp default now(),
    created_at timestamp default now(),
    updated_at timestamp default now(),
    webhook_received_at timestamp,
    raw_data jsonb
);

create table main_product_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 not null unique,
    pipeline_id int8,
    status_id int8,
    amount numeric default 490000,
    currency varchar(3) default 'KZT',
    utm_source varchar(100),
    utm_campaign varchar(255),
    utm_medium varchar(100),
    utm_content varchar(255),
    utm_term varchar(255),
    phone varchar(50),
    email varchar(255),
    customer_name varchar(255),
    customer_id int8,
    sale_date timestamp default now(),
    created_at timestamp default now(),
    updated_at timestamp default now(),
    webhook_received_at timestamp,
    raw_data jsonb
);

create table challenge3d_sales (
    id uuid primary key default gen_random_uuid(),
    deal_id int8 not null unique,
    pipeline_id int8 not null,
    status_id int8 not null,
    amount numeric(10, 2) not null default 0,
    currency text default 'KZT',
    package_type text
        check (package_type in ('challenge3d', 'prepaid', 'full', 'unknown')),
    prepaid boolean default false,
    utm_source text,
    utm_campaign text,
    utm_medium text,
    utm_content text,
    utm_term text,
    utm_referrer text,
    fbclid varchar(255),
    original_utm_source text,
    original_utm_campaign text,
    original_utm_medium text,
    attribution_source varchar(50)
        check (attribution_source in ('current_deal', 'related_deal', 'fallback')),
    related_deal_id int8,
    customer_id int8,
    contact_id int8,
    customer_name text,
    phone text,
    email text,
    sale_date timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    webhook_received_at timestamptz,
    raw_data jsonb
);

create table short_links (
    id text primary key,
    original_url text not null,
    short_code text not null unique,
    lead_id text,
    campaign text,
    source text,
    clicks_count int4 default 0,
    unique_ips text[] default '{}',
    created_at timestamptz default now(),
    first_clicked_at timestamptz,
    last_clicked_at timestamptz,
    expires_at timestamptz,
    is_active boolean default true
);

create table short_link_clicks (
    id serial primary key,
    short_link_id text references short_links on delete cascade,
    ip_address text,
    user_agent text,
    referer text,
    country text,
    city text,
    clicked_at timestamptz default now()
);

create table bulk_syncs (
    id uuid primary key default gen_random_uuid(),
    total_leads int4 not null,
    status varchar(50)
        check (status in ('pending', 'in_progress', 'completed', 'failed')),
    started_at timestamptz not null,
    completed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table bulk_sync_results (
    id uuid primary key default gen_random_uuid(),
    sync_id uuid references bulk_syncs on delete cascade,
    lead_id varchar(100) not null,
    status varchar(50) check (status in ('success', 'failed', 'retrying')),
    contact_id int8,
    deal_id int8,
    error text,
    attempt int4 default 1,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table exchange_rates (
    id uuid primary key default gen_random_uuid(),
    date date unique,
    usd_to_kzt numeric(10, 4) not null,
    source varchar(50),
    fetched_at timestamp default now()
);

create table traffic_stats (
    id uuid primary key default gen_random_uuid(),
    stat_date date not null,
    date date,
    user_id uuid,
    team text,
    ad_account_id text,
    campaign_id text,
    campaign_name text,
    spend_usd numeric(14, 4),
    spend_kzt numeric(14, 4),
    impressions int8,
    clicks int8,
    reach int8,
    ctr numeric(10, 6),
    cpc_usd numeric(12, 6),
    cpm_usd numeric(12, 6),
    frequency numeric(12, 6),
    usd_to_kzt_rate numeric(12, 4),
    source text default 'facebook',
    registrations int4,
    express_sales int4,
    main_sales int4,
    revenue_express_usd numeric(14, 4),
    revenue_main_usd numeric(14, 4),
    profit_usd numeric(14, 4),
    roi_percent numeric(12, 4),
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (stat_date, user_id, campaign_id)
);

create table manual_attribution_log (
    id uuid primary key default gen_random_uuid(),
    admin_user_id uuid,
    admin_email text,
    stat_date date not null,
    campaign_id text not null,
    old_team text,
    new_team text not null,
    reason text,
    created_at timestamptz default now()
);

create table integration_ad_accounts (
    account_id varchar(50) primary key,
    team_name varchar(100) not null,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table targetologist_utm_settings (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    settings jsonb,
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

create table scheduled_notifications (
    id uuid primary key default gen_random_uuid(),
    lead_id uuid references landing_leads on delete cascade,
    notification_type text check (notification_type in ('email', 'sms', 'both')),
    scheduled_for timestamptz,
    status text check (status in ('pending', 'sent', 'failed', 'cancelled')),
    sent_at timestamptz,
    error_message text,
    retry_count int4 default 0,
    metadata jsonb default '{}',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table integration_logs (
    id uuid primary key default gen_random_uuid(),
    service_name text,
    action text,
    status text,
    request_payload jsonb,
    response_payload jsonb,
    error_message text,
    error_code text,
    duration_ms int4,
    retry_count int4 default 0,
    created_at timestamptz default now()
);

create table error_logs (
    id uuid primary key default gen_random_uuid(),
    severity text check (severity in ('low', 'medium', 'high', 'critical')),
    category text,
    message text,
    stack text,
    context jsonb,
    environment text,
    resolved boolean default false,
    timestamp timestamptz,
    created_at timestamptz default now()
);

create table integration_tokens (
    service_name text primary key,
    access_token text not null,
    refresh_token text,
    expires_at timestamptz,
    updated_at timestamptz default now()
);

create table traffic_teams (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    company text not null,
    direction text not null,
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
    funnel_type text,
    auto_sync_enabled boolean default true,
    last_sync_at timestamptz,
    last_login_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
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

create table traffic_admin_settings (
    id uuid primary key default gen_random_uuid(),
    setting_key text unique not null,
    setting_value jsonb not null,
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
    currency text default 'KZT',
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

create table sales_activity_log (
    id uuid primary key default gen_random_uuid(),
    sale_id text,
    action_type text,
    team_name text,
    user_id uuid,
    metadata jsonb default '{}',
    created_at timestamptz default now()
);

-- Not the attribution table of the Traffic Dashboard, in spite of its name.
create table lead_tracking (
    id uuid primary key default gen_random_uuid(),
    client_id text,
    page_url text,
    event_name text,
    ip_address text,
    created_at timestamptz default now()
);

create trigger touch before update on landing_leads
for each row execute function set_updated_at();
create trigger touch before update on express_course_sales
for each row execute function set_updated_at();
create trigger touch before update on main_product_sales
for each row execute function set_updated_at();
create trigger touch before update on challenge3d_sales
for each row execute function set_updated_at();
create trigger touch before update on bulk_sync_results
for each row execute function set_updated_at();
