"""What PostgreSQL knows of the schema, read the same from every database that has it."""
from collections import defaultdict

from psycopg2.extras import NamedTupleCursor

JOURNAL = "schema_migration"  # which migrations were applied: made by jobs/migrate.c, not by them

# What PostgreSQL writes expressions with; a database or a role may have other settings.
SETTINGS = """
SET LOCAL search_path = public; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = postgres;
SET LOCAL timezone = 'UTC'; SET LOCAL quote_all_identifiers = off; SET LOCAL bytea_output = hex"""

OURS = f"c.relnamespace = 'public'::regnamespace AND c.relname <> '{JOURNAL}'"

# The first column is what a row belongs to; the order is that of the text.
QUERIES = {
    "relation": f"""
        SELECT relname, relkind AS kind, relpersistence = 'u' AS unlogged, relrowsecurity AS guarded,
            relforcerowsecurity AS forced, array_to_string(reloptions, ', ') AS options
        FROM pg_class c WHERE {OURS} AND relkind NOT IN ('i', 't')
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i'
                AND d.classid = 'pg_class'::regclass AND c.relkind = 'S')""",  # of an identity column
    "column": f"""
        SELECT relname, attname AS name, format_type(atttypid, atttypmod) AS type,
            attnotnull AS required, attidentity AS identity, attgenerated AS generated,
            pg_get_expr(adbin, adrelid, true) AS value
        FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
            LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
        WHERE {OURS} AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
    "constraint": f"""
        SELECT relname, conname AS name, convalidated AS valid, pg_get_constraintdef(k.oid, true) AS says
        FROM pg_class c JOIN pg_constraint k ON conrelid = c.oid WHERE {OURS} AND contype <> 't'
        ORDER BY position(contype::text IN 'puxfc'), conname COLLATE "C" """,
    "index": f"""
        SELECT c.relname, i.relname AS name, pg_get_indexdef(i.oid, 0, true) AS says
        FROM pg_class c JOIN pg_index ON indrelid = c.oid JOIN pg_class i ON i.oid = indexrelid
        WHERE {OURS} AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u', 'x'))
        ORDER BY i.relname COLLATE "C" """,
    "trigger": f"""
        SELECT relname, tgname AS name, tgenabled AS enabled, pg_get_triggerdef(t.oid, true) AS says
        FROM pg_class c JOIN pg_trigger t ON tgrelid = c.oid WHERE {OURS} AND NOT tgisinternal
        ORDER BY tgname COLLATE "C" """,
    "policy": f"""
        SELECT relname, polname AS name, polpermissive AS permissive, polcmd AS command,
            (SELECT string_agg(coalesce(rolname, 'PUBLIC'), ', ' ORDER BY rolname COLLATE "C")
                FROM unnest(polroles) r LEFT JOIN pg_roles o ON o.oid = r) AS roles,
            pg_get_expr(polqual, polrelid, true) AS visible,
            pg_get_expr(polwithcheck, polrelid, true) AS writable
        FROM pg_class c JOIN pg_policy ON polrelid = c.oid WHERE {OURS} ORDER BY polname COLLATE "C" """,
    "grant": f"""
        SELECT relname, coalesce(rolname, 'PUBLIC') AS role, privilege_type AS privilege, attname AS column
        FROM (SELECT c.relname, c.relowner, NULL AS attname, 0 AS attnum, relacl AS acl FROM pg_class c WHERE {OURS}
            UNION ALL SELECT c.relname, c.relowner, attname, attnum, attacl
            FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE {OURS}) held, aclexplode(acl)
            LEFT JOIN pg_roles o ON o.oid = grantee
        WHERE grantee <> relowner
        ORDER BY coalesce(rolname, 'PUBLIC') COLLATE "C", 
            array_position('{{SELECT,INSERT,UPDATE,DELETE}}', privilege_type), privilege_type, attnum""",
    "view": f"SELECT relname, pg_get_viewdef(c.oid, 100) AS says FROM pg_class c WHERE {OURS} AND relkind = 'v'",
    "sequence": f"""
        SELECT relname, seqstart AS start FROM pg_class c JOIN pg_sequence ON seqrelid = c.oid WHERE {OURS}""",
    "function": """
        SELECT proname || '()', proname AS name, pg_get_functiondef(p.oid) AS says,
            EXISTS (SELECT 1 FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0) AS open,
            (SELECT string_agg(rolname, ', ' ORDER BY rolname COLLATE "C") FROM aclexplode(proacl)
                JOIN pg_roles o ON o.oid = grantee WHERE grantee <> proowner) AS roles
        FROM pg_proc p WHERE pronamespace = 'public'::regnamespace""",
}


class Catalog:
    """`catalog.column["orders"]`: the rows of that query for one table; so for each of QUERIES."""

    def __init__(self, connection):
        with connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
            cursor.execute(SETTINGS)
            for name, query in QUERIES.items():
                cursor.execute(query)
                found = defaultdict(list)
                for row in cursor:
                    found[row[0]].append(row)
                setattr(self, name, found)
        with connection.cursor() as cursor:
            filled = {table: self._rows(cursor, table) for table in self.column}
            self.filled = {table: rows for table, rows in filled.items() if len(rows) > 1}

    def _rows(self, cursor, table: str) -> list:
        """What the migrations have filled in, below the columns' names; not when they did."""
        names = [column.name for column in self.column[table] if not column.type.startswith("timestamp")]
        wanted = ", ".join(f'"{name}"' for name in names)
        cursor.execute(f'SELECT {wanted} FROM "{table}" AS row_ ORDER BY row_::text COLLATE "C"')
        return [names, *cursor.fetchall()]

    @property
    def names(self) -> set:
        """Of all that has a place of its own in the text; functions end with ()."""
        return {*self.relation, *self.function}
