"""The migration operation that makes the database itself refuse to change or remove rows of a table."""

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
