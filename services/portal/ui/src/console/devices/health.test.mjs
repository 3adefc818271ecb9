import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { healthOf, wasAlarm } = await import(join(process.env.COMPILED, "console/devices/health.js"));

const NOW = Date.parse("2026-11-23T10:00:00Z");
const device = { retired_on: null, active: true, revoked: false, maintenance: false, heartbeat_s: 60 };
const said = (status, agoS = 0) => ({ reading: { status }, ingested_at: new Date(NOW - agoS * 1_000).toISOString() });
const judged = (latest, online) => healthOf(device, latest, online, NOW);

test("an alarm is one as long as somebody hears it", () => {
  assert.equal(judged(said("alarm_high"), true), "alarm");
  assert.equal(judged(said("alarm_high"), null), "alarm");
  assert.equal(judged(said("fault"), true), "fault");
  assert.equal(judged(said("normal"), true), "well");
});

test("what is silent for days is offline or old, whatever it said last", () => {
  for (const status of ["alarm_high", "fault", "normal"]) {
    assert.equal(judged(said(status), false), "offline", status);
    assert.equal(judged(said(status, 3 * 86_400), true), "stale", status);
  }
});

test("that it was in alarm when it fell silent is still known", () => {
  assert.ok(wasAlarm("offline", said("alarm_low")));
  assert.ok(wasAlarm("stale", said("alarm_low")));
  assert.ok(!wasAlarm("alarm", said("alarm_low")));
  assert.ok(!wasAlarm("offline", said("normal")));
  assert.ok(!wasAlarm("offline", undefined));
});

test("of whom nothing was heard nothing is known", () => {
  assert.equal(judged(undefined, null), "unknown");
});
