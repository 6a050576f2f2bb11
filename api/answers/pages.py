"""A page of a list."""

from collections.abc import Callable, Sequence
from typing import Generic, Self, TypeVar

from pydantic import BaseModel

from api.parameters import cursor_after

Item = TypeVar("Item", bound=BaseModel)
Record = TypeVar("Record")


class Page(BaseModel, Generic[Item]):
    """Some of a list's items; `next_cursor` leads to the following ones, and is null at the end."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def of(
        cls, records: Sequence[Record], limit: int, item: Callable[[Record], Item], key: Callable[[Record], str]
    ) -> Self:
        """A page of `limit` items, from the records of one query that was asked for one more than that."""
        shown = records[:limit]
        more = len(records) > limit
        return cls(items=[item(record) for record in shown], next_cursor=cursor_after(key(shown[-1])) if more else None)
