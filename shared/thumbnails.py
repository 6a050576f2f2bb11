"""Photos as people look at them: never the bytes that somebody sent, always a JPEG of our own making.

What a stranger uploaded may be a picture and a script at once. What is shown is encoded anew from its pixels:
upright, first frame, on white, without anything that the file said beside them.
"""

import io
from tempfile import SpooledTemporaryFile
from typing import IO

from PIL import Image

from shared.images import image_key
from shared.preparation import flat_rgb, upright_photo
from shared.store import ObjectStore

LONGEST_SIDE = 4096  # of the full view: sharp on any screen, and a bound on time, memory and traffic
QUALITY = 88
_GAP = 2  # pixels that are averaged before the finer resampling, as Pillow's own `reducing_gap`
_IN_MEMORY = 16 * 2**20  # a photo's file may have 200 MB; what is larger than this waits on the disk


def stored_photo_as_jpeg(store: ObjectStore, sha256: str, longest: int) -> bytes:
    """A stored photo as `photo_as_jpeg` makes it. Raises FileNotFoundError when the store does not have it."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as photo:
        for chunk in store.chunks(image_key(sha256)):
            photo.write(chunk)
        photo.seek(0)
        return photo_as_jpeg(photo, longest)


def photo_as_jpeg(source: IO[bytes], longest: int) -> bytes:
    """A photo as a JPEG, upright, first frame, on white; its longer side has at most `longest` pixels.

    A smaller photo keeps its size. Closes the source. Raises BrokenImage and ImageTooLarge.
    """
    with upright_photo(source, _GAP * longest) as image:
        picture = flat_rgb(image, max(1, max(image.size) // (_GAP * longest)))
        image.close()  # the original may hold 200 MiB, which what follows can do without
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=None)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
