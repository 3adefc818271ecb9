import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { fromGcj02, toGcj02 } = await import(join(process.env.COMPILED, "look/gcj02.js"));

// Tian'anmen, as maps of both systems have it.
const WGS = { longitude: 116.391265, latitude: 39.907356 };
const GCJ = { longitude: 116.397507, latitude: 39.908758 };
const METRE = 1e-5;

test("a known place lies where maps in GCJ-02 have it", () => {
  const found = toGcj02(WGS);
  assert.ok(Math.abs(found.longitude - GCJ.longitude) < 3 * METRE, `${found.longitude}`);
  assert.ok(Math.abs(found.latitude - GCJ.latitude) < 3 * METRE, `${found.latitude}`);
});

test("there and back is the same place, all over Yunnan", () => {
  for (let longitude = 97.5; longitude < 106.3; longitude += 0.37) {
    for (let latitude = 21.1; latitude < 29.3; latitude += 0.37) {
      const back = fromGcj02(toGcj02({ longitude, latitude }));
      assert.ok(Math.abs(back.longitude - longitude) < 1e-7 && Math.abs(back.latitude - latitude) < 1e-7);
    }
  }
});

test("the shift is some hundred metres inside, and nothing outside", () => {
  const inside = toGcj02({ longitude: 103.7172, latitude: 27.338 });
  const metres = Math.hypot((inside.longitude - 103.7172) * 98_900, (inside.latitude - 27.338) * 110_900);
  assert.ok(metres > 100 && metres < 800, `${metres}`);
  const paris = { longitude: 2.3522, latitude: 48.8566 };
  assert.deepEqual(toGcj02(paris), paris);
});
