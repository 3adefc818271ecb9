"""Photos: what is none is refused, and what is one is written anew, so that nothing else hides in it."""

import hashlib
import io

from PIL import Image, ImageOps

from services.portal.ports import Photo

SIDE_MAX = 4096
PIXELS_MAX = 50_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")


def read(data: bytes) -> Photo | None:
    """Return the photo in `data` (JPEG, PNG or WebP, at most 50 megapixels); None when there is none."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as found:
            if found.width * found.height > PIXELS_MAX:
                return None
            upright = _upright(found)
            upright.thumbnail((SIDE_MAX, SIDE_MAX))
            plain = upright.convert("RGB")
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        return None
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=88)
    content = out.getvalue()
    return Photo(content, "image/jpeg", plain.width, plain.height, hashlib.sha256(content).digest())


def _upright(found: Image.Image) -> Image.Image:
    """Return it as the camera was held; what a camera said wrongly about itself turns nothing."""
    try:
        return ImageOps.exif_transpose(found)
    except Exception:  # noqa: BLE001 - as many kinds as cameras have faults; what is no photo fails again
        return found
