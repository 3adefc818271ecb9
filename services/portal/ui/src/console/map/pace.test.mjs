import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { waitToDraw } = await import(join(process.env.COMPILED, "console/map/pace.js"));

/** When the map is drawn, if something changes each `every` ms and each change sets the timer anew. */
function drawings(every, until) {
  const drawn = [];
  let due = Infinity;
  for (let now = 0; now < until; now++) {
    if (now % every === 0) due = now + waitToDraw(now, drawn.at(-1) ?? null);
    if (now < due) continue;
    drawn.push(now);
    due = Infinity;
  }
  return drawn;
}

test("however fast things change, the map is drawn once a second", () => {
  assert.deepEqual(drawings(125, 4_500), [0, 1_000, 2_000, 3_000, 4_000]);
});

test("what changes after a pause is drawn at once", () => {
  assert.deepEqual(drawings(2_000, 4_500), [0, 2_000, 4_000]);
});
