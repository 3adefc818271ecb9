"""The guide's pictures: each is of a screen of the list, all are there, none is large."""

from deploy.native.screens import SCREENS, SIZES
from deploy.native.screenshots import BYTES_MAX, GUIDE, LANGUAGES, PARTS, SHOWN, THEMES


def test_each_is_of_a_screen_that_is_taken():
    taken = {f"{screen.name}-{size}-{theme}" for screen in SCREENS for size in SIZES for theme in THEMES}
    assert taken >= PARTS


def test_no_two_screens_have_the_same_file():
    names = [screen.name for screen in SCREENS]
    assert len(names) == len(set(names))


def test_all_are_there_and_none_is_large():
    files = {file.name: file.stat().st_size for file in GUIDE.iterdir()}
    assert set(files) == {f"{name}.{language}.webp" for name in SHOWN for language in LANGUAGES}
    assert max(files.values()) <= BYTES_MAX
