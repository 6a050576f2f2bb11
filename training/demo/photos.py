"""Draws a demo product's photo: its category's own look, or one that it shares with other categories."""

from collections.abc import Callable

import numpy as np

from training.demo import looks_home as home
from training.demo import looks_media as media
from training.demo import looks_play as play
from training.demo.canvas import Canvas
from training.demo.looks_shared import SHARED_LOOKS
from training.demo.palette import BACKDROPS, pick

OWN_LOOKS: dict[int, Callable[[Canvas], None]] = {
    10: media.old_book,
    40: media.import_cartridge,
    50: media.gamepad,
    60: media.console,
    1140: play.figurine,
    1160: play.trading_card,
    1180: play.miniatures,
    1280: play.teddy,
    1281: play.board_game,
    1300: play.drone,
    1301: play.baby_socks,
    1302: play.slide,
    1320: play.baby_bottle,
    1560: home.chest_of_drawers,
    1920: home.bed,
    1940: home.jam_jar,
    2060: home.vase,
    2220: home.dog_bowl,
    2280: media.magazine,
    2403: media.book_set,
    2462: media.game_cases,
    2522: media.stationery,
    2582: home.garden_set,
    2583: home.pool,
    2585: home.drill,
    2705: media.new_book,
    2905: media.download_card,
}
_SHARED_LOOK_OF = {code: look.draw for look in SHARED_LOOKS for code in look.codes}


def draw_photo(code: int, generator: np.random.Generator, *, shared: bool) -> bytes:
    """A product photo of category `code` as JPEG bytes; `shared` shows a packaging that other categories have too.

    No two calls with one generator give the same bytes, for the grain differs.
    """
    canvas = Canvas(pick(BACKDROPS, generator), generator)
    draw = _SHARED_LOOK_OF[code] if shared else OWN_LOOKS[code]
    draw(canvas)
    return canvas.jpeg()
