-- Tripwire: the learning platform, and the dashboard's saved daily reports.

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end $$;

create table users (
    id uuid primary key default gen_random_uuid(),
    email text,
    full_name text,
    role text default 'student',
    platform text default 'tripwire',
    onboarding_completed boolean default false,
    telegram_link_token text,
    telegram_chat_id int8,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_login_at timestamptz
);

create table tripwire_users (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    email text,
    full_name text,
    granted_by uuid,
    manager_name text,
    generated_password text,
    password_changed boolean default false,
    welcome_email_sent boolean default false,
    welcome_email_sent_at timestamptz,
    first_login_at timestamptz,
    last_active_at timestamptz,
    modules_completed int4 default 0 check (modules_completed between 0 and 3),
    status text default 'active'
        check (status in ('active', 'inactive', 'completed', 'blocked')),
    price numeric default 5000,
    amocrm_deal_id text,
    amocrm_contact_id text,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table tripwire_user_profile (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    total_modules int4 default 3,
    modules_completed int4 default 0,
    completion_percentage numeric default 0,
    certificate_issued boolean default false,
    certificate_url text,
    certificate_issued_at timestamptz,
    added_by_manager_id uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create table courses (
    id int4 primary key,
    title text,
    is_published boolean default true,
    created_at timestamptz default now()
);

create table modules (
    id int4 primary key,
    course_id int4 references courses,
    title text,
    order_index int4,
    created_at timestamptz default now()
);

create table lessons (
    id int4 primary key,
    module_id int4 references modules,
    title text,
    order_index int4,
    created_at timestamptz default now()
);

create table module_unlocks (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    module_id int4,
    unlocked_at timestamptz default now(),
    unique (user_id, module_id)
);

create table student_progress (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    module_id int4,
    lesson_id int4,
    status text check (status in ('not_started', 'in_progress', 'completed')),
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (user_id, lesson_id)
);

create table tripwire_progress (
    id uuid primary key default gen_random_uuid(),
    tripwire_user_id text,
    lesson_id int4,
    module_id int4,
    is_completed boolean default false,
    completion_percentage numeric default 0,
    video_progress_percent numeric default 0,
    last_position_seconds int4 default 0,
    watch_time_seconds int4 default 0,
    completed_at timestamptz,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    unique (tripwire_user_id, lesson_id)
);

create table video_tracking (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    lesson_id int4,
    watch_percentage int4 default 0,
    total_watched_seconds int4 default 0,
    video_duration_seconds int4,
    is_qualified_for_completion boolean default false,
    updated_at timestamptz default now()
);

create table lesson_homework (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    lesson_id int4,
    homework_text text,
    status text default 'submitted',
    submitted_at timestamptz,
    updated_at timestamptz default now()
);

create table tripwire_certificates (
    id uuid primary key default gen_random_uuid(),
    user_id uuid unique,
    certificate_number text,
    full_name text,
    certificate_url text,
    pdf_url text,
    issued_at timestamptz
);

create table user_statistics (
    user_id uuid primary key,
    lessons_completed int4 default 0,
    total_time_spent int4 default 0,
    updated_at timestamptz default now()
);

create table user_achievements (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    achievement_id text,
    unlocked_at timestamptz default now()
);

create table sales_activity_log (
    id uuid primary key default gen_random_uuid(),
    manager_id uuid,
    action text,
    details jsonb default '{}',
    created_at timestamptz default now()
);

create table daily_traffic_reports (
    id bigserial primary key,
    report_date date unique,
    total_spend numeric(10, 2),
    total_revenue numeric(10, 2),
    total_sales int4,
    total_roas numeric(10, 4),
    total_ctr numeric(10, 4),
    total_impressions int8,
    total_clicks int8,
    usd_to_kzt_rate numeric(10, 4) default 470,
    teams_data jsonb default '[]',
    top_utm_sales jsonb default '[]',
    top_campaigns_ctr jsonb default '[]',
    top_campaigns_video jsonb default '[]',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);

create trigger touch before update on daily_traffic_reports
for each row execute function set_updated_at();
