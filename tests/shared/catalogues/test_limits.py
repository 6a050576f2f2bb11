from shared.catalogues.reading import Limits
from shared.settings import Settings


def test_limits_are_those_of_the_settings() -> None:
    settings = Settings(
        max_unpacked_bytes=2_000,
        max_json_bytes=3_000,
        max_catalogue_columns=4,
        max_catalogue_rows=5,
        max_image_bytes=6_000,
    )

    assert Limits.of(settings) == Limits(
        unpacked_bytes=2_000, row_bytes=3_000, columns=4, rows=5, photo_bytes=6_000, field_characters=131_072
    )


def test_a_cell_may_have_what_a_description_may() -> None:
    assert Limits.of(Settings(max_description_characters=500_000)).field_characters == 500_000
