"""Checks of what a source's role may do beyond reading the declared columns.

Whether the declared tables can be read at all belongs to `sources.py`.
"""

from collections.abc import Collection, Iterator

from pipelines.doctor.findings import Remark, graded, listed, note, ok, warning
from pipelines.doctor.sessions import Session

LEAST = "use a role that may only `select` the columns of the sources YAML, and `xmin`"
SECRET_TABLES = "token|secret|credential"
SECRET_COLUMNS = "token|secret|passw|credential|api_?key"
# Membership in any of these reads or writes what no grant names.
STRONG_ROLES = (
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
)


def check_role(session: Session, *, is_lenient: bool) -> Iterator[Remark]:
    """Say whether the role is stronger than reading needs."""
    say = graded(is_lenient)
    role = session.row(_ROLE)
    if role["is_super"]:
        message = "the role is a superuser: it may read and change everything"
        if is_lenient:
            message += "; for a server of this machine that may be, in production not"
        yield say(message, LEAST)
        return
    strong = session.rows(_STRONG, {"names": list(STRONG_ROLES)})
    members = [row["name"] for row in strong]
    if role["can_replicate"]:
        yield say(
            "the role has REPLICATION: a slot shows it every row, tokens too", LEAST
        )
    if members:
        yield say(f"the role is a member of {', '.join(members)}", LEAST)
    if role["becomes"]:
        yield say(
            f"the role may become {listed(role['becomes'])} by SET ROLE, which may do "
            "anything",
            LEAST,
        )
    if role["bypasses"]:
        yield note("the role reads past row security (BYPASSRLS)")
    if not (role["can_replicate"] or members or role["becomes"]):
        yield ok(f"{role['name']} is neither superuser nor replication role")


def check_secrets(
    session: Session, declared: Collection[str], *, is_lenient: bool
) -> Iterator[Remark]:
    """Name undeclared tables and columns of secrets that the role can read.

    `declared` holds names of tables, and of columns as `table.column`.
    """
    if session.row(_ROLE)["is_super"]:
        yield note("not asked: a superuser reads every secret")
        return
    values = {
        "tables": SECRET_TABLES,
        "columns": SECRET_COLUMNS,
        "declared": sorted(declared),
    }
    tables = [row["name"] for row in session.rows(_SECRET_TABLES, values)]
    if tables:
        say = graded(is_lenient)
        yield say(
            f"the role can read tables of secrets: {listed(tables)}",
            f"revoke all on {', '.join(tables)} from that role (and from public); "
            "tokens must not be able to leave the source",
        )
    columns = [row["name"] for row in session.rows(_SECRET_COLUMNS, values)]
    if columns:
        yield warning(
            f"the role can read columns of secrets: {listed(columns)}",
            "grant it the declared columns one by one instead of the whole table",
            details=columns,
        )
    if not (tables or columns):
        yield ok("no table or column of secrets can be read")


def check_writing(session: Session, names: Collection[str]) -> Iterator[Remark]:
    """Name the declared tables that the role could change."""
    if session.row(_ROLE)["is_super"]:
        yield note("not asked: a superuser may change everything")
        return
    found = session.row(_WRITABLE, {"names": sorted(names)})
    if tables := found["tables"]:
        yield warning(
            f"the role can change {listed(tables)}",
            "revoke insert, update, delete and truncate from it; the pipeline only "
            "reads",
            details=tables,
        )
    if schemas := found["schemas"]:
        yield warning(
            f"the role can create objects in {listed(schemas)}",
            f"revoke create on schema {', '.join(schemas)} from it (and from public)",
        )
    if not (tables or schemas):
        yield ok("nothing can be changed")


_ROLE = """
select
    current_user as name,
    role.rolsuper as is_super,
    role.rolreplication as can_replicate,
    role.rolbypassrls as bypasses,
    array(
        select other.rolname::text from pg_roles as other
        where (other.rolsuper or other.rolreplication)
            and other.oid <> role.oid and pg_has_role(other.oid, 'member')
        order by 1
    ) as becomes
from pg_roles as role where role.rolname = current_user
"""
_STRONG = """
select rolname as name from pg_roles
where rolname = any(%(names)s) and pg_has_role(oid, 'member')
order by 1
"""
_SECRET_TABLES = """
select format('%%I.%%I', namespace.nspname, class.relname) as name
from pg_class as class
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p', 'v', 'm', 'f') and class.relname ~* %(tables)s
    and class.relname <> all(%(declared)s)
    and namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
    and has_schema_privilege(namespace.oid, 'usage')
    and (
        has_table_privilege(class.oid, 'select')
        or has_any_column_privilege(class.oid, 'select')
    )
order by 1
"""
# A flag or a date beside a secret tells nothing of it.
_SECRET_COLUMNS = """
select format('%%I.%%I', class.relname, attribute.attname) as name
from pg_attribute as attribute
inner join pg_type as type on type.oid = attribute.atttypid
inner join pg_class as class on class.oid = attribute.attrelid
inner join pg_namespace as namespace on namespace.oid = class.relnamespace
where class.relkind in ('r', 'p', 'v', 'm', 'f') and attribute.attnum > 0
    and not attribute.attisdropped and attribute.attname ~* %(columns)s
    and class.relname !~* %(tables)s
    and format('%%s.%%s', class.relname, attribute.attname) <> all(%(declared)s)
    and type.typcategory not in ('B', 'D', 'N')
    and namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
    and has_schema_privilege(namespace.oid, 'usage')
    and has_column_privilege(class.oid, attribute.attnum, 'select')
order by 1
"""
_WRITABLE = """
select
    array(
        select class.relname::text from pg_class as class
        where class.relname = any(%(names)s) and class.relkind in ('r', 'p', 'f')
            and pg_table_is_visible(class.oid)
            and (
                has_table_privilege(class.oid, 'insert, update, delete, truncate')
                or has_any_column_privilege(class.oid, 'insert, update')
            )
        order by 1
    ) as tables,
    array(
        select namespace.nspname::text from pg_namespace as namespace
        where namespace.nspname = any(current_schemas(false))
            and has_schema_privilege(namespace.oid, 'create')
        order by 1
    ) as schemas
"""
