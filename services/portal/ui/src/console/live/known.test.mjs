import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { countSaid, emptyMeans } = await import(join(process.env.COMPILED, "console/live/known.js"));

test("nothing is open only when all alerts were read and the line is live", () => {
  const all = ["live", "connecting", "lost"].flatMap((line) => ["reading", "read", "failed"].map((reading) => [line, reading]));
  assert.deepEqual(all.filter(([line, reading]) => emptyMeans(line, reading) === "none"), [["live", "read"]]);
  assert.equal(emptyMeans("live", "failed"), "notRead");
  assert.equal(emptyMeans("live", "reading"), "reading");
  assert.equal(emptyMeans("lost", "read"), "unknown");
});

test("a zero is told only when all were read; what was counted stays told", () => {
  assert.equal(countSaid(0, "read"), "0");
  assert.equal(countSaid(0, "failed"), "–");
  assert.equal(countSaid(0, "reading"), "–");
  assert.equal(countSaid(3, "failed"), "3");
});
