"""Row security in a source's catalog: which relations it meets, in whose name.

Common table expressions of the query in `schema.py`: they begin from its `relation`.
What is refused belongs to `matching.py`.
"""

SECURITY = """
self as (select oid from pg_roles where rolname = current_user),

-- Which relation is read in whose name: a view reads with the rights of its owner.
reading (root, oid, role) as (
    select relation.oid, relation.oid, self.oid from relation cross join self
    union
    select
        reading.root, dependency.refobjid,
        case when invoker.is_asked then self.oid else view.relowner end
    from reading
    cross join self
    inner join pg_class as view
        on view.oid = reading.oid and view.relkind in ('v', 'm')
    cross join lateral (
        select coalesce(bool_or(option_value::boolean), false) as is_asked
        from pg_options_to_table(view.reloptions)
        where option_name = 'security_invoker'
    ) as invoker
    inner join pg_rewrite as rewrite on rewrite.ev_class = view.oid
    inner join pg_depend as dependency
        on dependency.classid = 'pg_rewrite'::regclass
        and dependency.objid = rewrite.oid
        and dependency.refclassid = 'pg_class'::regclass
        and dependency.refobjid <> view.oid
),

-- Row security that meets the role; it is open when its policies let every row pass.
secured as (
    select reading.root, bool_and(policies.are_open) as is_open
    from reading
    inner join pg_class as class on class.oid = reading.oid and class.relrowsecurity
    inner join pg_roles as role on role.oid = reading.role
    cross join lateral (
        select
            coalesce(bool_or(allows_all) filter (where polpermissive), false)
            and coalesce(bool_and(allows_all) filter (where not polpermissive), true)
                as are_open
        from pg_policy
        cross join lateral (
            select coalesce(pg_get_expr(polqual, polrelid) = 'true', false)
        ) as condition (allows_all)
        where polrelid = class.oid and polcmd in ('r', '*') and exists (
            select from unnest(polroles) as member (oid)
            where member.oid = 0 or pg_has_role(role.oid, member.oid, 'usage')
        )
    ) as policies
    where not role.rolsuper and not role.rolbypassrls and (
        class.relforcerowsecurity or not pg_has_role(role.oid, class.relowner, 'usage')
    )
    group by reading.root
),

-- Views that call what may read anything; code in C comes with extensions.
calling (root) as (
    select reading.root
    from reading
    inner join pg_class as view on view.oid = reading.oid and view.relkind = 'v'
    inner join pg_rewrite as rewrite on rewrite.ev_class = view.oid
    inner join pg_depend as dependency
        on dependency.classid = 'pg_rewrite'::regclass
        and dependency.objid = rewrite.oid
    left join pg_operator as operator
        on dependency.refclassid = 'pg_operator'::regclass
        and operator.oid = dependency.refobjid
    inner join pg_proc as function
        on function.oid = case
            when dependency.refclassid = 'pg_proc'::regclass then dependency.refobjid
            else operator.oprcode
        end
    inner join pg_language as language on language.oid = function.prolang
    where function.pronamespace <> 'pg_catalog'::regnamespace
        and language.lanname not in ('internal', 'c')
)
"""
