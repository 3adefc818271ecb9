import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { inOrder, isOpen, rings, rowOf } = await import(join(process.env.COMPILED, "console/live/rows.js"));

const alert = (id, more = {}) => ({
  alert_id: id, priority: "P2", acknowledged: false, active: true, silenced: false, suppressed: false, test: false,
  opened_at: "2026-11-23T00:00:00Z", ...more,
});
const order = (...alerts) => alerts.map(rowOf).sort(inOrder).map((row) => row.id);

test("unacknowledged before priority, priority before age", () => {
  const known = alert("known", { priority: "P1", acknowledged: true });
  const low = alert("low", { priority: "P4", opened_at: "2026-11-23T05:00:00Z" });
  const old = alert("old");
  const fresh = alert("fresh", { opened_at: "2026-11-23T01:00:00Z" });
  assert.deepEqual(order(known, low, old, fresh), ["fresh", "old", "low", "known"]);
});

test("equals stay in one order, whatever order they came in", () => {
  assert.deepEqual(order(alert("b"), alert("a"), alert("c")), order(alert("c"), alert("b"), alert("a")));
});

test("returned to normal but unacknowledged stays", () => {
  assert.ok(isOpen(alert("x", { active: false })));
  assert.ok(isOpen(alert("x", { acknowledged: true })));
  assert.ok(!isOpen(alert("x", { active: false, acknowledged: true })));
});

test("silenced, shelved, acknowledged and test alerts do not ring", () => {
  assert.ok(rings(alert("x")));
  for (const fact of ["acknowledged", "silenced", "suppressed", "test"]) assert.ok(!rings(alert("x", { [fact]: true })), fact);
});
