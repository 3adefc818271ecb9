import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { Answers, merged } = await import(join(process.env.COMPILED, "field/told.js"));

const order = (order_id, revision, crew_id = "c-1") => ({ order_id, revision, crew_id });
const put = (told) => (was) => merged(was, told, "c-1");

test("an order assigned while an older answer was under way stays", () => {
  const answers = new Answers();
  const turn = answers.begin();
  answers.tell(put(order("new", 2)));
  assert.ok(answers.isCurrent(turn));
  assert.deepEqual(answers.end([order("old", 5)]), [order("new", 2), order("old", 5)]);
});

test("an answer that knows more than what was told is not set back", () => {
  const answers = new Answers();
  answers.begin();
  answers.tell(put(order("a", 2)));
  assert.deepEqual(answers.end([order("a", 3)]), [order("a", 3)]);
});

test("an order that went to another crew meanwhile does not come back; one that came back since does not go", () => {
  const answers = new Answers();
  answers.begin();
  answers.tell(put(order("a", 4, "c-2")));
  answers.tell(put(order("b", 4, "c-2")));
  assert.deepEqual(answers.end([order("a", 3), order("b", 5)]), [order("b", 5)]);
});

test("only the last question counts, with what was told since", () => {
  const answers = new Answers();
  const first = answers.begin();
  answers.tell(put(order("a", 1)));
  const second = answers.begin();
  assert.ok(!answers.isCurrent(first));
  assert.ok(answers.isCurrent(second));
  assert.deepEqual(answers.end([]), [], "the second question was asked after it: its answer knows");
});
