import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { tell, whileTold } = await import(join(process.env.COMPILED, "console/orders/kinds.js"));

const order = (order_id, state, revision) => ({ order_id, state, revision });

test("an order that went from one list to the next between the two answers is in the whole", async () => {
  const read = async () => {
    tell(order("a", "accepted", 3));
    return [order("b", "open", 1)];
  };
  assert.deepEqual(new Set((await whileTold(read)).map((one) => one.order_id)), new Set(["a", "b"]));
});

test("an order that stands in two answers is there once, as it was last", async () => {
  const found = await whileTold(async () => [order("a", "accepted", 3), order("a", "assigned", 2)]);
  assert.deepEqual(found, [order("a", "accepted", 3)]);
});

test("what ended while it was read is over, and an older word changes nothing", async () => {
  const read = async () => {
    tell(order("a", "closed", 9));
    tell(order("b", "assigned", 1));
    return [order("a", "on_site", 8), order("b", "accepted", 2)];
  };
  assert.deepEqual(await whileTold(read), [order("b", "accepted", 2)]);
});

test("what is told when nobody reads is told to nobody", async () => {
  tell(order("z", "open", 1));
  assert.deepEqual(await whileTold(async () => []), []);
});
