import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { SILENCE_MS, isSilent } = await import(join(process.env.COMPILED, "api/silence.js"));

test("a stream that says nothing for too long is silent", () => {
  assert.ok(!isSilent(SILENCE_MS, 0, 0));
  assert.ok(isSilent(SILENCE_MS + 1, 0, 0));
});

test("after a long absence a new try has its time", () => {
  const now = 600_000;
  assert.ok(!isSilent(now, 0, now - 5_000));
  assert.ok(isSilent(now, 0, now - SILENCE_MS - 1));
});
