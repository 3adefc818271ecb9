"""Asking for lists, as pages and as files, and two who ask."""

import csv
import datetime as dt
import io
from typing import Any

from shared.chassis.principal import Principal
from tests.integration.registry.harness import ADMIN, Registry, regulator

TODAY = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
ZHAOTONG, QUJING = regulator("530600"), regulator("530300")


def ids(items: list[dict[str, Any]]) -> list[str]:
    names = ("device_id", "licence_id", "site_id", "operator_id")
    return [str(next(item[name] for name in names if name in item)) for item in items]


async def listed(reg: Registry, path: str, asking: Principal = ADMIN, **params: Any) -> list[dict[str, Any]]:
    response = await reg.get(path, asking, **params)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def sheet(reg: Registry, path: str, asking: Principal = ADMIN, **params: Any) -> list[list[str]]:
    response = await reg.get(path, asking, format="csv", **params)
    assert response.status_code == 200, response.text
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def table(lines: list[list[str]]) -> list[dict[str, str]]:
    """Return what stands below the empty line, by headings."""
    begin = lines.index([]) + 1
    return [dict(zip(lines[begin], line, strict=True)) for line in lines[begin + 1 :]]
