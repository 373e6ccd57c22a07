"""Query sets that are compiled once: each use fills in what differs, and the server runs a plan it has already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from django.db.models import QuerySet, Value
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesIterable,
    ValuesListIterable,
    get_related_populators,
)

from revops.foundation.round_trips import HANDFUL, Statement, fetch_together, plans_kept

Row = TypeVar("Row")
Rows = Sequence[Sequence[Any]]


class blank(Value):  # noqa: N801 - reads like F and Q in a query set
    """A place of a kept query that each use fills with a value: `filter(lead=blank("lead"))`."""

    def __init__(self, name: str) -> None:
        super().__init__(None)
        self.name = name

    def as_sql(self, *_compiler: Any) -> tuple[str, Any]:
        return "%s", [self]


class any_of(blank):  # noqa: N801
    """A place that each use fills with a list, of which one has to fit: `filter(lead=any_of("leads"))`."""

    def as_sql(self, *_compiler: Any) -> tuple[str, Any]:
        return "ANY(%s)", [self]


class KeptQuery(Generic[Row]):
    """A query set with blanks, of which only the values differ between uses.

    Building and compiling a query costs Django ten times what the server needs to run it; here both happen once in a
    process, and the server keeps the plan. Whatever is no blank stands in the text of the statement, so that partial
    indexes fit. Instances, `values` and `values_list` come as the query set would give them.
    """

    def __init__(self, rows: QuerySet[Any, Row]) -> None:
        self._rows = rows

    def fetch(self, **values: Any) -> list[Row]:
        """The rows, with every blank filled. One query."""
        return self.read(_rows(self.statement(**values)))

    def first(self, **values: Any) -> Row | None:
        """The first of the rows, if there is one. One query; the query set says how many are read."""
        return next(iter(self.fetch(**values)), None)

    def count(self, **values: Any) -> int:
        """How many rows there are; a query set that ends somewhere counts no further. One query."""
        sql, filling = self.statement(**values)
        ((found,),) = _rows((f"SELECT count(*) FROM ({sql}) counted", filling))  # noqa: S608 - our own text
        return int(found)

    def statement(self, **values: Any) -> Statement:
        """The statement with its values, to be sent together with others; `read` takes what it finds.

        `most` says how many rows at most, where the query set does not.
        """
        sql, names = self._compiled
        filling = [values[name] for name in names]
        return (f"{sql} LIMIT %s", [*filling, values["most"]]) if "most" in values else (sql, filling)

    def read(self, found: Rows) -> list[Row]:
        """The rows as the query set would give them."""
        return self._reader(found)

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...]]:
        """The statement, in which only blanks are placeholders, and the names of the blanks in their order."""
        sql, parameters = self._compiler.as_sql()
        names = tuple(value.name for value in parameters if isinstance(value, blank))
        texts = ["%s" if isinstance(value, blank) else _literal(value) for value in parameters]
        return sql.replace("%%", "%%%%") % tuple(texts), names

    @cached_property
    def _compiler(self) -> Any:
        return self._rows.query.get_compiler(connection=connection)

    @cached_property
    def _reader(self) -> Callable[[Rows], list[Any]]:
        self._compiled  # noqa: B018 - compiling says what is selected
        converters = list(self._compiler.get_converters([one[0] for one in self._compiler.select]).items())
        shape = _shape(self._rows, self._compiler)

        def read(found: Rows) -> list[Any]:
            return shape(_converted(found, converters) if converters else found)

        return read


def fetch_kept(*asked: tuple[KeptQuery[Any], dict[str, Any]]) -> list[list[Any]]:
    """The rows of several kept queries, each with its values: in one round trip, unless a list among them is long."""
    statements = [kept.statement(**values) for kept, values in asked]
    if any(_longest(filling) > HANDFUL for _sql, filling in statements):
        return [kept.fetch(**values) for kept, values in asked]
    found = fetch_together(*statements)
    return [kept.read(rows) for (kept, _values), rows in zip(asked, found, strict=True)]


def _longest(filling: Iterable[Any]) -> int:
    return max((len(value) for value in filling if isinstance(value, list)), default=0)


def _rows(statement: Statement) -> Rows:
    sql, filling = statement
    with plans_kept(_longest(filling)), connection.cursor() as cursor:
        cursor.execute(sql, filling)
        if connection.queries_logged:  # the driver does not tell the text of a plan that is kept
            connection.queries_log[-1]["sql"] = sql
        found: Rows = cursor.fetchall()
        return found


def _literal(value: Any) -> str:
    return str(mogrify("%s", [value], connection)).replace("%", "%%")


def _converted(found: Rows, converters: Sequence[tuple[int, tuple[list[Any], Any]]]) -> Iterable[Sequence[Any]]:
    for row in map(list, found):
        for place, (readers, expression) in converters:
            for reader in readers:
                row[place] = reader(row[place], expression, connection)
        yield row


def _shape(rows: QuerySet[Any, Any], compiler: Any) -> Callable[[Iterable[Sequence[Any]]], list[Any]]:
    """How rows of the driver become what the query set promises."""
    kind: Any = rows._iterable_class
    if kind is ModelIterable:
        return _instances(compiler)
    if kind is FlatValuesListIterable:
        return lambda found: [row[0] for row in found]
    if kind is ValuesListIterable:
        return lambda found: list(map(tuple, found))
    if kind is ValuesIterable:
        query = rows.query
        names = (*query.extra_select, *query.values_select, *query.annotation_select)
        return lambda found: [dict(zip(names, row, strict=True)) for row in found]
    raise TypeError(f"A kept query cannot give rows as {kind.__name__}.")


def _instances(compiler: Any) -> Callable[[Iterable[Sequence[Any]]], list[Any]]:
    """Instances with their relations and annotations, as ModelIterable makes them."""
    klass, select, annotations = compiler.klass_info, compiler.select, compiler.annotation_col_map
    model, own = klass["model"], klass["select_fields"]
    start, end = own[0], own[-1] + 1
    names = [one[0].target.attname for one in select[start:end]]
    populators = get_related_populators(klass, select, connection.alias)  # type: ignore[call-arg]  # the stubs are ahead

    def read(found: Iterable[Sequence[Any]]) -> list[Any]:
        made = []
        for row in found:
            one = model.from_db(connection.alias, names, row[start:end])
            for populator in populators:
                populator.populate(row, one)
            for name, place in annotations.items():
                setattr(one, name, row[place])
            made.append(one)
        return made

    return read
