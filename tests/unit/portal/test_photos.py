"""Photos of every kind that a phone makes are taken, several at a time, and leave nothing behind."""

import asyncio
import io
import threading
import warnings

import pytest
from PIL import Image

from services.portal.adapters import photos


def encoded(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


ORIENTATION, COPYRIGHT, TAKEN = 0x0112, 0x8298, 0x0132
CAMERA_BYTES = 120
# One tag (Copyright) of 4,096 letters, of which there is none.
CUT_OFF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x82\x98\0\x02\0\0\x10\0\0\0\x20\0\0\0\0\0"


@pytest.mark.filterwarnings("ignore")
def test_a_photo_of_which_a_camera_said_something_wrong_is_a_photo() -> None:
    assert photos.read(encoded(Image.new("RGB", (8, 8)), "JPEG", exif=CUT_OFF)) is not None


async def test_photos_at_the_same_time_leave_the_warnings_of_the_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two are read at once; the first to begin is the first to end."""
    warnings.simplefilter("default")  # until this test ends
    before = list(warnings.filters)
    content = encoded(Image.new("RGB", (8, 8)), "JPEG")
    opened, second_began, real = threading.Semaphore(0), threading.Event(), Image.open

    def open_in_turn(*given: object, **more: object) -> Image.Image:
        opened.release()
        if threading.current_thread().name == "first":
            assert second_began.wait(10)
        else:
            second_began.set()
            first.join(10)
        return real(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Image, "open", open_in_turn)
    first = threading.Thread(target=photos.read, args=(content,), name="first")
    first.start()
    assert opened.acquire(timeout=10)
    assert await asyncio.to_thread(photos.read, content) is not None
    first.join(10)
    assert warnings.filters == before


@pytest.mark.filterwarnings("ignore")
def test_whatever_a_camera_said_its_photo_is_taken_or_refused() -> None:
    camera = Image.Exif()
    camera[ORIENTATION], camera[COPYRIGHT], camera[TAKEN] = 6, "x" * 50, "2020"
    whole = encoded(Image.new("RGB", (24, 16)), "JPEG", exif=camera)
    begins = whole.index(b"Exif")
    for place in range(begins, begins + CAMERA_BYTES):
        for value in range(8):
            photos.read(whole[:place] + bytes([value]) + whole[place + 1 :])
