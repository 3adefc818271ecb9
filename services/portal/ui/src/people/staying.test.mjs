import assert from "node:assert/strict";
import { join } from "node:path";
import { beforeEach, mock, test } from "node:test";

const { begun, catchUp, renew, stay, LIMIT_MS, RENEW_MS, RETRY_MS } = await import(join(process.env.COMPILED, "people/staying.js"));

const kept = new Map();
const page = new EventTarget();
let asked = 0;
let answer;

globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.window = page;
globalThis.document = page;
Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
globalThis.fetch = () => {
  asked += 1;
  return answer();
};

const given = async () => new Response('{"token": "t"}');
const away = async () => new Response("", { status: 502 });
const nobody = async () => new Response("{}", { status: 401 });
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function pass(ms) {
  for (let left = ms; left > 0; left -= RETRY_MS) {
    mock.timers.tick(Math.min(left, RETRY_MS));
    await settled();
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.parse("2026-11-23T00:00:00Z") });
  kept.clear();
  asked = 0;
  answer = given;
});

test("an open page renews well before ten minutes are over, and again", async () => {
  begun();
  const stop = stay(() => undefined);
  await pass(RENEW_MS - RETRY_MS);
  assert.equal(asked, 0);
  await pass(RETRY_MS);
  assert.equal(asked, 1);
  await pass(RENEW_MS);
  assert.equal(asked, 2);
  stop();
  await pass(RENEW_MS * 2);
  assert.equal(asked, 2);
});

test("a renewal that met a restart is tried again within twenty seconds", async () => {
  begun();
  const said = [];
  const stop = stay((what) => said.push(what));
  answer = away;
  await pass(RENEW_MS);
  answer = given;
  await pass(RETRY_MS);
  assert.deepEqual(said.filter((what) => what !== "not"), ["failed", "renewed"]);
  stop();
});

test("a page loaded anew goes on counting where the last one stopped, and catches up before it asks anything", async () => {
  begun();
  await pass(RENEW_MS - RETRY_MS);
  await catchUp();
  assert.equal(asked, 0);
  await pass(RENEW_MS);
  await catchUp();
  assert.equal(asked, 1);
});

test("who was never signed in here has nothing to renew", async () => {
  await catchUp();
  assert.equal(asked, 0);
});

test("coming back into the network or into sight renews what is due", async () => {
  begun();
  const stop = stay(() => undefined);
  mock.timers.setTime(Date.now() + RENEW_MS + 1);
  page.dispatchEvent(new Event("visibilitychange"));
  await settled();
  assert.equal(asked, 1);
  page.dispatchEvent(new Event("online"));
  await settled();
  assert.equal(asked, 1, "it was just done");
  stop();
});

test("two tabs ask once; a tab that went before its answer keeps nobody waiting", async () => {
  answer = () => new Promise(() => undefined);
  void renew();
  assert.equal(await renew(), "not");
  assert.equal(asked, 1);
  answer = given;
  mock.timers.setTime(Date.now() + LIMIT_MS);
  assert.equal(await renew(), "renewed");
});

test("a session that is over is told once, not asked for all the time", async () => {
  answer = nobody;
  const said = [];
  const stop = stay((what) => said.push(what));
  await settled();
  await pass(RENEW_MS - RETRY_MS);
  assert.deepEqual(said.filter((what) => what !== "not"), ["over"]);
  stop();
});

test("what a hotel's network answers renews nothing; a clock that was put back holds nothing up", async () => {
  answer = async () => new Response("<html>Welcome</html>");
  assert.equal(await renew(), "failed");
  answer = given;
  assert.equal(await renew(), "renewed");
  mock.timers.setTime(Date.parse("2026-11-22T00:00:00Z"));
  assert.equal(await renew(), "renewed");
});
