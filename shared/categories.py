"""The categories that products may be labelled with: Rakuten's, those of every published bundle, and declared ones."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select, update

from shared.database import upsert
from shared.errors import InvalidInput
from shared.tables import CategoryRow
from shared.taxonomy import Category

_CATEGORY = (CategoryRow.code, CategoryRow.name, CategoryRow.name_en)


def known_categories(connection: Connection) -> Sequence[Category]:
    """Every known category, in the order of the codes."""
    return [Category(*row) for row in connection.execute(select(*_CATEGORY).order_by(CategoryRow.code))]


def known_codes(connection: Connection) -> set[int]:
    """The codes of all known categories."""
    return set(connection.scalars(select(CategoryRow.code)))


def known_category(connection: Connection, code: int, where: str) -> Category:
    """The category of this code. Raises InvalidInput, about the field `where`, when nobody has declared it."""
    found = connection.execute(select(*_CATEGORY).where(CategoryRow.code == code)).one_or_none()
    if found is None:
        raise InvalidInput(
            f"There is no category {code}; PUT /api/taxonomy/{code} declares it.", where=where, code="UNKNOWN_CATEGORY"
        )
    return Category(*found)


def declare_category(connection: Connection, category: Category) -> bool:
    """Make a category known, or give a known one these names; returns whether it is new."""
    names = {"name": category.name, "name_en": category.name_en}
    made = upsert(connection, CategoryRow).values(code=category.code, **names).on_conflict_do_nothing()
    if connection.scalar(made.returning(CategoryRow.code)) is not None:
        return True
    connection.execute(update(CategoryRow).where(CategoryRow.code == category.code).values(names))
    return False


def learn_categories(connection: Connection, categories: Iterable[Category]) -> None:
    """Make those of these categories known that are not; the others keep their names."""
    rows = [{"code": each.code, "name": each.name, "name_en": each.name_en} for each in categories]
    connection.execute(upsert(connection, CategoryRow).on_conflict_do_nothing(), rows)
