import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { loopOf } = await import(join(process.env.COMPILED, "console/valves/loop.js"));

const AT = Date.parse("2026-11-23T00:00:00Z");
const after = (seconds) => new Date(AT + seconds * 1000).toISOString();
const command = (more = {}) => ({
  command_id: "c", valve_id: "v", issued_at: after(0), expires_at: after(30), reason: "G02", alert_ids: ["a"], results: [], state: "sent", ...more,
});
const states = (sent, timeline, second) => loopOf(sent, timeline, AT + second * 1000).map((step) => step.state);

test("nothing is done before a device has said so", () => {
  assert.deepEqual(states(command(), [], 5), ["done", "waiting", "waiting", "later"]);
});

test("silence is a time-out, never success", () => {
  assert.deepEqual(states(command({ state: "expired" }), [], 31), ["done", "timeout", "timeout", "later"]);
});

test("an answer closes nothing", () => {
  const answered = command({ state: "done", results: [{ result: "done", reason: null }] });
  assert.deepEqual(states(answered, [], 31), ["done", "done", "timeout", "later"]);
});

test("a motor that began to move has half a minute more", () => {
  const moved = [{ kind: "valve_moved", at: after(25), command_id: "c" }];
  const answered = command({ state: "accepted", results: [{ result: "accepted", reason: null }] });
  assert.deepEqual(states(answered, moved, 40), ["done", "done", "waiting", "later"]);
  assert.deepEqual(states(answered, moved, 56), ["done", "done", "timeout", "later"]);
});

test("a refusal fails, with its reason", () => {
  const refused = command({ state: "refused", results: [{ result: "refused", reason: "clock_unset" }] });
  const [, answered, closed] = loopOf(refused, [], AT + 1000);
  assert.deepEqual([answered.state, closed.state, closed.reason], ["failed", "failed", "clock_unset"]);
});

test("closed is not safe: the gas has to fall, in three minutes", () => {
  const closed = command({ state: "closed", results: [{ result: "accepted", reason: null }] });
  const timeline = [{ kind: "valve_closed", at: after(4), command_id: "c" }];
  assert.deepEqual(states(closed, timeline, 10), ["done", "done", "done", "waiting"]);
  assert.deepEqual(states(closed, timeline, 185), ["done", "done", "done", "timeout"]);
  assert.deepEqual(states(closed, [...timeline, { kind: "safe", at: after(90) }], 185), ["done", "done", "done", "done"]);
});

test("what an earlier episode said does not count", () => {
  const closed = command({ state: "closed" });
  assert.equal(states(closed, [{ kind: "safe", at: after(-60) }], 10)[3], "waiting");
});

test("closed without an alarm has no gas to wait for", () => {
  assert.equal(states(command({ state: "closed", alert_ids: [] }), [], 10)[3], "none");
});
