"""`make screenshots`: pictures of every screen in both languages, sizes and themes.

All come into `.gaswatch/screenshots`; those that the guide shows also into `docs/pictures`, made small.
"""

import argparse
import asyncio
import io
import json
import shutil
import signal
import sys
from itertools import groupby, product
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright

from deploy.native import session, ui
from deploy.native.browser import ARGUMENTS, executable
from deploy.native.live import Live
from deploy.native.places import PROJECT, state_dir
from deploy.native.screens import COOKIE, SCREENS, SIZES, Screen, choice
from deploy.native.stack import Stack
from deploy.native.stage import Stage
from simulators import stories
from simulators.telling import Teller

STORIES = ("restaurant-leak", "station-over-pressure", "detector-switched-off")
LANGUAGES = ("zh-CN", "en")
THEMES = ("light", "dark")
PICTURE_LIMIT_MS = 20_000
LIMIT_S = 3_600.0
GUIDE = PROJECT / "docs" / "pictures"
# What the guide shows, and how; crews have a phone, so theirs stand side by side.
SHOWN = {
    "watch-alerts": ("alerts-desk-dark",),
    "watch-alert": ("alert-desk-dark",),
    "watch-close-valve": ("close-valve-desk-dark",),
    "regulator-exceptions": ("exceptions-desk-light",),
    "regulator-evidence": ("evidence-desk-light",),
    "regulator-coverage": ("coverage-desk-light",),
    "crew": ("orders-phone-light", "order-phone-light", "step-phone-light"),
}
PARTS = frozenset(part for parts in SHOWN.values() for part in parts)
BYTES_MAX = 120_000
GAP_PX = 24
# What stands where something is still being loaded.
WAITING = "[aria-busy=true], .ant-spin-spinning, .ant-skeleton"


def name_of(screen: str, size: str, theme: str, language: str) -> str:
    """Return a picture's file name."""
    return f"{screen}-{size}-{theme}-{language}.png"


class Camera:
    """Takes the pictures of one size, theme and language."""

    def __init__(
        self, browser: Browser, stage: Stage, folder: Path, size: str, theme: str, language: str
    ) -> None:
        self._browser, self._stage, self._folder = browser, stage, folder
        self._size, self._theme, self._language = size, theme, language

    async def take(self, *, guide: bool) -> list[str]:
        """Take all pictures, or those of the guide; return what went wrong, a sentence each."""
        faults: list[str] = []
        look = f"{self._size}-{self._theme}"
        wanted = [screen for screen in SCREENS if not guide or f"{screen.name}-{look}" in PARTS]
        for username, screens in groupby(wanted, key=lambda screen: screen.username):
            context = await self._context(username)
            page = await context.new_page()
            for screen in screens:
                try:
                    await _open(page, screen)
                    file = self._folder / name_of(screen.name, self._size, self._theme, self._language)
                    await page.screenshot(path=file)
                except Error as error:
                    faults.append(
                        f"{screen.name} {self._size} {self._theme} {self._language}: {error.message}"
                    )
            await context.close()
        return faults

    async def _context(self, username: str) -> BrowserContext:
        portal = self._stage.portal
        context = await self._browser.new_context(
            base_url=portal, viewport=SIZES[self._size], locale=self._language,
            timezone_id="Asia/Shanghai", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PICTURE_LIMIT_MS)
        await context.add_init_script(choice(self._theme, self._language))
        if username:
            token = await self._stage.token(username)
            await context.add_cookies([{"name": COOKIE, "value": token, "url": portal}])
        return context


async def _open(page: Page, screen: Screen) -> None:
    await page.goto(screen.path)
    await page.locator(screen.shown).first.wait_for()
    for click in screen.clicks:
        await page.locator(click).first.click()
    if screen.then:
        await page.locator(screen.then).first.wait_for()
    # What is still asked for when the screen stands (borders, a trend) belongs to the picture, too.
    await page.locator(WAITING).first.wait_for(state="detached")


async def photograph(stage: Stage, folder: Path, *, guide: bool) -> list[str]:
    """Take the pictures; return what went wrong."""
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        for language, theme in product(LANGUAGES, THEMES):
            cameras = [Camera(browser, stage, folder, size, theme, language) for size in SIZES]
            for found in await asyncio.gather(*(camera.take(guide=guide) for camera in cameras)):
                faults += found
        await browser.close()
    return faults


def for_guide(folder: Path) -> None:
    """Make what the guide shows from the pictures, small enough for a repository."""
    GUIDE.mkdir(parents=True, exist_ok=True)
    for language, (name, parts) in product(LANGUAGES, SHOWN.items()):
        pictures = [Image.open(folder / f"{part}-{language}.png").convert("RGB") for part in parts]
        whole = Image.new(
            "RGB",
            (sum(one.width for one in pictures) + GAP_PX * (len(pictures) - 1), pictures[0].height),
            "white",
        )
        x = 0
        for one in pictures:
            whole.paste(one, (x, 0))
            x += one.width + GAP_PX
        (GUIDE / f"{name}.{language}.webp").write_bytes(_small(whole))


def _small(picture: Image.Image) -> bytes:
    """Return a picture as WebP, as good as fits."""
    for quality in range(90, 20, -10):
        held = io.BytesIO()
        picture.save(held, "WEBP", quality=quality, method=6)
        if held.tell() <= BYTES_MAX:
            break
    return held.getvalue()


def _accounts(run_file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run_file.read_text())["accounts"]
    return found


async def _play(stack: Stack, teller: Teller, folder: Path, *, guide: bool) -> list[str]:
    run_file = folder / "run.json"
    async with asyncio.timeout(LIMIT_S), Live(stack, teller, run_file) as live:
        stage = Stage(stack.url("portal"), await asyncio.to_thread(_accounts, run_file))
        await stage.set()
        async with asyncio.TaskGroup() as group:
            plays = [group.create_task(live.perform(stories.load(name))) for name in STORIES]
            await stage.alarmed()
            await plays[0]  # the leak's: an order with a crew on its way
            teller.heading("Taking pictures …")
            return await photograph(stage, folder, guide=guide)


def main(argv: list[str]) -> int:
    """Run the product with engines of its own, take the pictures, and stop all again."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--guide", action="store_true", help="only those of the guide")
    arguments = parser.parse_args(argv)
    # As in the demo: `make stop` has to end us, and all that we started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    folder = state_dir() / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    teller = Teller()
    with session.own(teller.say) as engines:
        addresses = engines.addresses()
        stack = Stack(addresses, Path(addresses.state), pages=ui.build(teller.say))
        try:
            stack.prepare()
            stack.start()
            teller.say(f"{len(stack.names)} services are ready")
            faults = asyncio.run(_play(stack, teller, folder, guide=arguments.guide))
        finally:
            with session.undisturbed():
                (folder / "run.json").unlink(missing_ok=True)
                stack.stop()
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        for_guide(folder)
    print(f"{len(list(folder.iterdir()))} pictures in {folder}; those of the guide in {GUIDE}.")
    return 1 if faults else 0
