import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { Tries } = await import(join(process.env.COMPILED, "console/alerts/tries.js"));

const tries = () => {
  let key = 0;
  return new Tries(() => ++key);
};

test("what was done is not done again, whatever is sent", () => {
  const of = tries();
  of.begin("until 10:00");
  of.done("a");
  of.begin("until 10:01");
  assert.ok(of.isDone("a"));
  assert.ok(!of.isDone("b"));
});

test("what was lost on the way is sent again with its key; what was refused, or is another body, with another", () => {
  const of = tries();
  of.begin("until 10:00");
  assert.deepEqual([of.keyOf("lost"), of.keyOf("refused")], [1, 2]);
  of.refused("refused");
  of.begin("until 10:00");
  assert.deepEqual([of.keyOf("lost"), of.keyOf("refused")], [1, 3]);
  of.begin("until 10:01");
  assert.deepEqual([of.keyOf("lost"), of.keyOf("refused")], [4, 5]);
});
