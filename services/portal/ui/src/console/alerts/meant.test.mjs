import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { meantBy } = await import(join(process.env.COMPILED, "console/alerts/meant.js"));

const row = (id) => ({ id, alert: { alert_id: id } });
const rows = ["x", "y", "z"].map(row);
const meant = (picked, shown, here) => {
  const { alerts, ask } = meantBy(rows, new Set(picked), shown, here && row(here));
  return [alerts.map((one) => one.alert_id).join(""), ask];
};

test("with nothing picked it is the one that is looked at, at once", () => {
  assert.deepEqual(meant([], null, "y"), ["y", false]);
  assert.deepEqual(meant([], "y", "y"), ["y", false]);
  assert.deepEqual(meant([], null, undefined), ["", false]);
});

test("one that is picked is meant, but not unasked while another is read", () => {
  assert.deepEqual(meant(["x"], null, "y"), ["x", false]);
  assert.deepEqual(meant(["x"], "x", "x"), ["x", false]);
  assert.deepEqual(meant(["x"], "y", "y"), ["x", true]);
});

test("many are never done unasked, and only those in the list are meant", () => {
  assert.deepEqual(meant(["x", "z", "gone"], null, "y"), ["xz", true]);
});
