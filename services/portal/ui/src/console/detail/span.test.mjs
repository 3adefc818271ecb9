import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { windowOf } = await import(join(process.env.COMPILED, "console/detail/span.js"));

const NOW = Date.parse("2026-11-23T10:00:00Z");
const HOUR = 3_600_000;

test("the last hour begins at the same moment for ten seconds", () => {
  const begins = new Set(Array.from({ length: 80 }, (_, eighth) => windowOf("last", 0, NOW + eighth * 125)[0]));
  assert.deepEqual([...begins], [NOW - HOUR]);
  assert.deepEqual(windowOf("last", 0, NOW + 10_000), [NOW - HOUR + 10_000, NOW + 10_000]);
});

test("around an alert it begins before it, and ends no later than now", () => {
  assert.deepEqual(windowOf("hour", NOW, NOW), [NOW - HOUR / 3, NOW]);
  assert.deepEqual(windowOf("hour", NOW, NOW + HOUR), [NOW - HOUR / 3, NOW + (2 * HOUR) / 3]);
});
