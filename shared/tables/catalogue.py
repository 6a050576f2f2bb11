"""Categories, labelled products, and the photos that rows name."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.identifiers import now
from shared.tables.base import NEVER_REUSED, SERIAL, Base, Id


class Image(Base):
    """A stored photo. The file lies in the object store under the same hash."""

    __tablename__ = "images"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now, index=True)


class FetchedPhoto(Base):
    """What an account's rows got from a URL the last time, so that an unchanged photo need not be sent again.

    `url_hash` is the URL's SHA-256. The photo may have been collected meanwhile.
    """

    __tablename__ = "fetched_photos"

    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    url_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    etag: Mapped[str] = mapped_column(String(255))
    image: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime] = mapped_column(default=now, index=True)


class CategoryRow(Base):
    """A category that products may be labelled with. Rakuten's are there from the start."""

    __tablename__ = "categories"

    code: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))


class Product(Base):
    """One labelled product of the catalogue that training reads."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(SERIAL, Identity(), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(200), unique=True)
    designation: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    image_id: Mapped[str | None] = mapped_column(String(200))
    image: Mapped[str | None] = mapped_column(ForeignKey("images.sha256"), index=True)
    prdtypecode: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (NEVER_REUSED,)
