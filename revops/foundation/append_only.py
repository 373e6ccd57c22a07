"""Migration operations by which the database itself refuses to change rows, except to take a person out of them."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change_of_append_only_row() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Append a row that corrects or withdraws the earlier one.',
              TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$refuse$;
"""


class AppendOnly(Operation):
    """Rows of `table` can be inserted and never updated, deleted or truncated.

    The refusal reaches Python as django.db.IntegrityError. Foreign keys out of such a table must be PROTECT or
    DO_NOTHING: SET_NULL would be an update.
    """

    reversible = True
    reduces_to_sql = True
    category = OperationCategory.SQL

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.table], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models stay as they are: this is a rule of the database."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(_FUNCTION, params=None)
        schema_editor.execute(
            f"CREATE TRIGGER rows_are_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_append_only_row()",
            params=None,
        )
        schema_editor.execute(
            f"CREATE TRIGGER table_is_never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_append_only_row()",
            params=None,
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(f"DROP TRIGGER IF EXISTS rows_are_only_added ON {table}", params=None)
        schema_editor.execute(f"DROP TRIGGER IF EXISTS table_is_never_emptied ON {table}", params=None)

    def describe(self) -> str:
        return f"Only allow rows to be added to {self.table}"

    @property
    def migration_name_fragment(self) -> str:
        return f"append_only_{self.table}"


class ErasableText(Operation):
    """Personal text in `columns` of an append-only table can be taken out, and nothing else of its rows can change.

    Only while `revops.foundation.erasing.erasing()` lasts. A column may become empty, or keep what it said with
    “[erased]” in place of some of it: the database refuses any word that did not stand there before.
    """

    reversible = True
    reduces_to_sql = True
    category = OperationCategory.SQL

    def __init__(self, table: str, columns: list[str]) -> None:
        self.table, self.columns = table, columns

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [self.table, self.columns], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models stay as they are: this is a rule of the database."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(_ERASING, params=None)
        columns = ", ".join(schema_editor.quote_value(column) for column in self.columns)
        self._replace(schema_editor, f"refuse_all_but_erasing({columns})")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._replace(schema_editor, "refuse_change_of_append_only_row()")

    def _replace(self, schema_editor: Any, function: str) -> None:
        table = schema_editor.quote_name(self.table)
        schema_editor.execute(f"DROP TRIGGER IF EXISTS rows_are_only_added ON {table}", params=None)
        schema_editor.execute(
            f"CREATE TRIGGER rows_are_only_added BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}",
            params=None,
        )

    def describe(self) -> str:
        return f"Let personal text be erased from {self.table}"

    @property
    def migration_name_fragment(self) -> str:
        return f"erasable_{self.table}"


_ERASING = r"""
CREATE OR REPLACE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $refuse$
DECLARE
    col text;
    was text;
    becomes text;
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('revops.erasing', true) = 'yes'
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV THEN
        FOREACH col IN ARRAY TG_ARGV LOOP
            was := to_jsonb(OLD) ->> col;
            becomes := to_jsonb(NEW) ->> col;
            IF becomes IS DISTINCT FROM was AND coalesce(becomes, '') NOT IN ('', '{}', '[]') AND NOT (
                position('[erased]' IN becomes) > 0
                AND was LIKE replace(
                    replace(replace(replace(becomes, '\', '\\'), '%', '\%'), '_', '\_'), '[erased]', '%'
                ) || '%'
            ) THEN
                RAISE EXCEPTION 'Erasing only takes text out of %: % would say something new.', TG_TABLE_NAME, col
                    USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Rows of % are only ever added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Append a row that corrects or withdraws the earlier one.',
              TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$refuse$;
"""
