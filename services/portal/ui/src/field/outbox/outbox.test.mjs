import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

const { bodyOf, entryOf, standing } = await import(join(process.env.COMPILED, "field/outbox/entry.js"));
const { after, mayForget, meaning, mended, next, stateWith, tally } = await import(join(process.env.COMPILED, "field/outbox/outbox.js"));

const HOUR = 3_600_000;
let uuid = 0;
const moment = (now_ms, server_ms = null) => ({ now_ms, server_ms, fresh: `uuid-${++uuid}` });
const done = (action, more = {}) => ({
  order_id: "order-1", action, step: null, reason: null, note: null, corrects: null, readings: [], position: null, photos: [], ...more,
});
const step = (name, more = {}) => done("step", { step: name, ...more });
const photo = (id) => ({ photo_id: id, attachment_id: null, dropped: false });

/** An outbox in memory. */
function box() {
  const entries = [];
  return {
    entries,
    add(what, { user = "wang", now = 1_000, form = `form-${++uuid}` } = {}) {
      const earlier = entries.filter((entry) => entry.order_id === what.order_id && entry.user === user);
      const there = standing(what, form, earlier);
      if (there) return there;
      const entry = { ...entryOf(what, user, form, earlier, moment(now)), seq: entries.length + 1 };
      entries.push(entry);
      return entry;
    },
    happen(entry, happening, now = 2_000, server = 2_000) {
      const at = entries.findIndex((one) => one.seq === entry.seq);
      entries[at] = after(entries[at], { id: entries[at].id, ...happening }, moment(now, server));
      return entries[at];
    },
    mend(entry, mending) {
      const at = entries.findIndex((one) => one.seq === entry.seq);
      entries[at] = mended(entries[at], mending, moment(5_000));
      return entries[at];
    },
    next(user = "wang", now = 2_000, server = 2_000) {
      return next(entries, user, { now_ms: now, server_ms: server });
    },
  };
}
const REFUSED = { kind: "refused", status: 409, type: "another-crew", detail: "", state: "assigned" };

test("an order's entries go one after the other, other orders do not wait for them", () => {
  const it = box();
  const first = it.add(done("accept"));
  const second = it.add(done("depart"));
  const other = it.add(done("accept", { order_id: "order-2" }));
  assert.equal(it.next().entry.seq, first.seq);
  it.happen(first, { kind: "later", status: 503, retry_after_s: 60 });
  assert.equal(it.next().entry.seq, other.seq);
  it.happen(other, { kind: "taken" });
  assert.deepEqual(it.next(), { do: "nothing", until_ms: 62_000 });
  assert.equal(it.next("wang", 62_000).entry.seq, first.seq);
  it.happen(first, { kind: "taken" }, 62_000);
  assert.equal(it.next("wang", 62_000).entry.seq, second.seq);
});

test("nothing of one person goes while another is signed in", () => {
  const it = box();
  it.add(done("accept"), { user: "wang" });
  assert.equal(it.next("li").do, "nothing");
  assert.deepEqual(tally(it.entries, "li").others, [{ user: "wang", count: 1 }]);
  assert.equal(it.next("wang").do, "send");
});

test("photos go before the step that names them, and it names them", () => {
  const it = box();
  const entry = it.add(step("located", { photos: [photo("p1"), photo("p2")] }));
  assert.equal(it.next().photo.photo_id, "p1");
  it.happen(entry, { kind: "photo_taken", photo_id: "p1", attachment_id: "a1" });
  assert.equal(it.next().photo.photo_id, "p2");
  it.happen(entry, { kind: "photo_taken", photo_id: "p2", attachment_id: "a2" });
  const todo = it.next();
  assert.equal(todo.do, "send");
  assert.deepEqual(JSON.parse(bodyOf(todo.entry)).attachment_ids, ["a1", "a2"]);
});

test("a photo that is refused keeps its step, which goes without it on a person's word", () => {
  const it = box();
  const entry = it.add(step("located", { photos: [photo("p1")] }));
  const was = it.happen(entry, { kind: "photo_refused", photo_id: "p1", status: 415, type: "not-a-photo", detail: "" });
  assert.equal(was.state, "refused");
  assert.equal(it.next().do, "nothing");
  it.mend(entry, { how: "without_photo", photo_id: "p1" });
  assert.equal(it.next().do, "send");
  assert.deepEqual(JSON.parse(bodyOf(it.next().entry)).attachment_ids, []);
});

test("the same key carries the same bytes for ever", () => {
  const it = box();
  const entry = it.add(step("located"));
  const body = bodyOf(entry);
  const sent = it.happen(entry, { kind: "sending", body });
  assert.equal(bodyOf({ ...sent, readings: [{ instrument_serial: "x", calibrated_on: "" }] }), body);
  const refused = it.happen(entry, { kind: "refused", status: 422, type: "request-validation-failed", detail: "", state: null });
  const again = it.mend(entry, { how: "readings", readings: [], note: "n" });
  assert.notEqual(again.id, refused.id);
  assert.notEqual(bodyOf(again), body);
  assert.equal(again.device_ms, entry.device_ms);
});

test("what may have been sent half a day ago, or nobody knows when, is looked for first", () => {
  for (const server of [13 * HOUR, -1, null]) {
    const it = box();
    const entry = it.add(step("located"));
    it.happen(entry, { kind: "sending", body: "{}" }, 1_000, 0);
    it.happen(entry, { kind: "away" });
    assert.equal(it.next("wang", 2_000, 1_000).do, "send");
    assert.equal(it.next("wang", 2_000, server).do, "check");
    it.happen(entry, { kind: "absent" });
    assert.equal(it.next("wang", 2_000, server).do, "send");
  }
});

test("what turns out to be there already is done", () => {
  const it = box();
  const entry = it.add(step("located"));
  it.happen(entry, { kind: "sending", body: "{}" });
  assert.equal(it.happen(entry, { kind: "found" }).answer.how, "found");
});

test("a key the server knows with other bytes: look, then go on under a new one", () => {
  const it = box();
  const entry = it.add(step("located"));
  it.happen(entry, { kind: "sending", body: "{}" });
  const renewed = it.happen(entry, { kind: "refused", status: 422, type: "idempotency-key-reused", detail: "", state: null });
  assert.equal(renewed.state, "waiting");
  assert.notEqual(renewed.id, entry.id);
  assert.equal(it.next().do, "check");
});

test("a move that a colleague made already is kept as a step with its own time", () => {
  const it = box();
  const entry = it.add(done("arrive"));
  const now = it.happen(entry, { kind: "refused", status: 409, type: "state-forbids", detail: "", state: "on_site" });
  assert.deepEqual([now.state, now.action, now.step, now.device_ms], ["waiting", "step", "arrived", entry.device_ms]);
  assert.notEqual(now.id, entry.id);
  assert.equal(now.former[0].action, "arrive");
});

test("a refused move holds back what was done before that was known, but no steps and nothing done later", () => {
  const it = box();
  const first = it.add(done("depart"));
  const second = it.add(done("arrive"));
  const third = it.add(step("cordoned"));
  it.happen(first, REFUSED);
  assert.equal(it.next().entry.seq, third.seq);
  it.happen(third, { kind: "taken" });
  assert.equal(it.next().do, "nothing");
  assert.equal(stateWith("assigned", "order-1", it.entries), "assigned");
  const later = it.add(done("accept"));
  assert.equal(it.next().entry.seq, later.seq);
  it.happen(later, { kind: "taken" });
  it.mend(first, { how: "as_step" });
  assert.equal(it.next().entry.seq, first.seq);
  it.happen(first, { kind: "taken" });
  assert.equal(it.next().entry.seq, second.seq);
});

test("what was refused is never gone: it can be put aside and come back", () => {
  const it = box();
  const entry = it.add(done("depart"));
  it.happen(entry, REFUSED);
  assert.equal(it.mend(entry, { how: "aside" }).state, "aside");
  assert.equal(it.next().do, "nothing");
  assert.equal(it.mend(entry, { how: "again" }).state, "waiting");
  assert.equal(it.next().entry.id, entry.id);
});

test("what the server breaks on is shown after five times, and only sent again after a look", () => {
  const it = box();
  const entry = it.add(step("located", { readings: [] }));
  for (let turn = 0; turn < 5; turn++) {
    it.happen(entry, { kind: "sending", body: "{}" });
    it.happen(entry, { kind: "later", status: 500, retry_after_s: null });
  }
  assert.equal(it.entries[0].state, "refused");
  assert.equal(it.mend(entry, { how: "readings", readings: [], note: null }).state, "refused");
  it.mend(entry, { how: "again" });
  assert.equal(it.next().do, "check");
});

test("a photo that the server breaks on does not keep its step", () => {
  const it = box();
  const entry = it.add(step("located", { photos: [photo("p1")] }));
  for (let turn = 0; turn < 5; turn++) it.happen(entry, { kind: "later", status: 500, retry_after_s: null });
  assert.equal(it.entries[0].state, "refused");
  it.mend(entry, { how: "without_photo", photo_id: "p1" });
  assert.equal(it.next().do, "send");
});

test("an answer to another key, or to what is done, changes nothing", () => {
  const it = box();
  const entry = it.add(step("located"));
  assert.equal(after(entry, { kind: "taken", id: "other" }, moment(1)), entry);
  const over = it.happen(entry, { kind: "taken" });
  assert.equal(it.happen(entry, REFUSED), over);
});

test("a form sent twice is one entry, a move on its way is one entry, a step may be done twice", () => {
  const it = box();
  it.add(step("located"), { form: "f" });
  it.add(step("located"), { form: "f" });
  it.add(step("located"), { form: "g" });
  it.add(done("arrive"));
  it.add(done("arrive"));
  assert.equal(it.entries.length, 3);
});

test("times of an order grow although the phone's clock was put back a day", () => {
  const it = box();
  const first = it.add(step("located"), { now: 100 * HOUR });
  const second = it.add(step("repaired"), { now: 76 * HOUR });
  assert.ok(second.device_ms > first.device_ms);
  it.happen(first, { kind: "later", status: 503, retry_after_s: 300 }, 100 * HOUR);
  assert.equal(it.next("wang", 76 * HOUR).do, "send");
});

test("only what the server has had for a week may leave the phone", () => {
  const it = box();
  const entry = it.add(step("located"));
  const year = 8_760 * HOUR;
  assert.equal(mayForget(entry, year), false);
  assert.equal(mayForget(it.happen(entry, { kind: "taken" }, 0), 6 * 24 * HOUR), false);
  assert.equal(mayForget(it.entries[0], 8 * 24 * HOUR), true);
  const other = it.add(done("depart"));
  assert.equal(mayForget(it.happen(other, REFUSED), year), false);
});

test("what a status means", () => {
  const of = (status, type = String(status)) => meaning(status, type);
  assert.deepEqual([200, 201, 401, 429, 500, 503, 504, 302, 404, 409, 413, 415, 422].map((status) => of(status)),
    ["taken", "taken", "signed_out", "later", "later", "later", "later", "later", ...Array(5).fill("refused")]);
  assert.equal(of(403, "password-owed"), "signed_out");
  assert.equal(of(409, "another-person"), "signed_out");
  assert.equal(of(403, "forbidden"), "refused");
});

test("the state of an order with what waits", () => {
  const it = box();
  it.add(done("accept"));
  it.add(done("depart"));
  assert.equal(stateWith("assigned", "order-1", it.entries), "en_route");
  assert.equal(stateWith("on_site", "order-1", it.entries), "on_site");
  assert.equal(stateWith("cancelled", "order-1", it.entries), "cancelled");
});
