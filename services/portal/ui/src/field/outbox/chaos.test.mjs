/** The outbox against a network that loses requests and answers, tabs that die, clocks that jump, and a server
 * that forgets keys after a day: every step arrives exactly once, in its order, under its own name. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { bodyOf, entryOf, standing } = await import(join(process.env.COMPILED, "field/outbox/entry.js"));
const { after, next } = await import(join(process.env.COMPILED, "field/outbox/outbox.js"));

const HOUR = 3_600_000;
const RUNS = Number(process.env.CHAOS_RUNS ?? 300);

/** Repeatable chance (mulberry32). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Server {
  now = 1_000 * HOUR;
  keys = new Map();
  steps = [];
  attachments = new Set();

  once(user, key, body, act) {
    for (const [name, kept] of this.keys) if (this.now - kept.at > 24 * HOUR) this.keys.delete(name);
    const kept = this.keys.get(`${user} ${key}`);
    if (kept) return kept.body === body ? kept.answer : { status: 422, type: "idempotency-key-reused" };
    const answer = act();
    if (answer.status < 300) this.keys.set(`${user} ${key}`, { at: this.now, body, answer });
    return answer;
  }

  step(user, entry, body) {
    return this.once(user, entry.id, body, () => {
      const said = JSON.parse(body);
      for (const id of said.attachment_ids) assert.ok(this.attachments.has(id), "a step names a photo that is not there");
      this.steps.push({ user, order: entry.order_id, step: said.step, device_ms: Date.parse(said.device_time) });
      return { status: 200 };
    });
  }
}

class World {
  constructor(seed, blind = false) {
    this.blind = blind;
    this.random = chance(seed);
    this.server = new Server();
    this.stored = [];
    this.offset = 0;
    this.signedIn = "wang";
    this.done = [];
    this.uuid = 0;
  }

  moment() {
    return { now_ms: this.server.now + this.offset, server_ms: this.random() < 0.5 ? this.server.now : null, fresh: `u${++this.uuid}` };
  }

  /** A person does something. */
  add(name) {
    const user = this.signedIn;
    const order = `order-${Math.floor(this.random() * 3)}`;
    const photos = this.random() < 0.3 ? [{ photo_id: `p${++this.uuid}`, attachment_id: null, dropped: false }] : [];
    const what = { order_id: order, action: "step", step: name, reason: null, note: null, corrects: null, readings: [], position: null, photos };
    const earlier = this.stored.filter((entry) => entry.order_id === order && entry.user === user);
    const form = `form-${name}`;
    for (let press = 0; press < (this.random() < 0.2 ? 2 : 1); press++) {
      if (standing(what, form, [...earlier, ...this.stored.filter((entry) => entry.form_id === form)])) continue;
      this.stored.push({ ...entryOf(what, user, form, earlier, this.moment()), seq: this.stored.length + 1 });
    }
    this.done.push({ user, order, step: name });
  }

  change(seq, happening) {
    const at = this.stored.findIndex((entry) => entry.seq === seq);
    this.stored[at] = after(this.stored[at], happening, this.moment());
  }

  /** One tab does one thing; it may die at any point, and the network may lose the request or the answer. */
  tick(user) {
    const todo = next(this.stored, user, this.moment());
    if (todo.do === "nothing" || user !== this.signedIn) return;
    const { entry } = todo;
    const fate = this.random();
    if (todo.do === "check" && !this.blind) {
      if (fate < 0.2) return;
      const there = this.server.steps.some((step) => step.user === user && step.order === entry.order_id && step.device_ms === entry.device_ms);
      this.change(entry.seq, { kind: there ? "found" : "absent", id: entry.id });
      return;
    }
    if (todo.do === "photo") return this.photo(entry, todo.photo, fate);
    const body = bodyOf(entry);
    this.change(entry.seq, { kind: "sending", id: entry.id, body });
    const marked = this.stored.find((one) => one.seq === entry.seq);
    if (fate < 0.15) return; // died, or the request was lost
    if (fate < 0.25) return this.change(entry.seq, { kind: "later", id: entry.id, status: 503, retry_after_s: null });
    const answer = this.server.step(user, marked, bodyOf(marked));
    if (fate < 0.5) return; // done, and the answer was lost
    if (answer.status < 300) this.change(entry.seq, { kind: "taken", id: entry.id });
    else this.change(entry.seq, { kind: "refused", id: entry.id, detail: "", state: null, ...answer });
  }

  photo(entry, photo, fate) {
    if (fate < 0.2) return;
    this.server.attachments.add(`a-${photo.photo_id}`);
    if (fate < 0.4) return;
    this.change(entry.seq, { kind: "photo_taken", id: entry.id, photo_id: photo.photo_id, attachment_id: `a-${photo.photo_id}` });
  }

  /** Time goes on: seconds as a rule, sometimes two days in a drawer; the clock of the phone jumps at times. */
  pass() {
    const luck = this.random();
    this.server.now += luck < 0.03 ? 48 * HOUR * this.random() : 20_000 * this.random();
    if (this.random() < 0.02) this.offset = (this.random() - 0.5) * 48 * HOUR;
    if (this.random() < 0.05) this.signedIn = this.signedIn === "wang" ? "li" : "wang";
  }
}

function assertExactlyOnce(world, seed) {
  const { steps } = world.server;
  assert.equal(steps.length, world.done.length, `seed ${seed}: ${world.done.length} done, ${steps.length} at the server`);
  for (const { user, order } of world.done) {
    const mine = (one) => one.user === user && one.order === order;
    const wanted = world.done.filter(mine).map((one) => one.step);
    assert.deepEqual(steps.filter(mine).map((one) => one.step), wanted, `seed ${seed}: sent in another order`);
    const merged = steps.filter(mine).sort((a, b) => a.device_ms - b.device_ms).map((one) => one.step);
    assert.deepEqual(merged, wanted, `seed ${seed}: merged in another order`);
  }
}

function live(world) {
  for (let turn = 0; turn < 120; turn++) {
    if (turn < 60 && world.random() < 0.3) world.add(`step-${turn}`);
    // Two tabs, one of which may still believe in the other person.
    world.tick(world.random() < 0.8 ? world.signedIn : world.random() < 0.5 ? "wang" : "li");
    world.pass();
  }
  for (let turn = 0; turn < 3_000 && world.stored.some((entry) => entry.state !== "done"); turn++) {
    world.signedIn = turn % 2 ? "wang" : "li";
    world.tick(world.signedIn);
    world.server.now += 30_000;
  }
}

test(`exactly once, in order, under the own name (${RUNS} seeds)`, () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const world = new World(seed);
    live(world);
    assertExactlyOnce(world, seed);
  }
});

test("the test would see it: without looking first, forgotten keys double steps", () => {
  let doubled = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const world = new World(seed, true);
    live(world);
    doubled += world.server.steps.length - world.done.length;
  }
  assert.ok(doubled > 0);
});
