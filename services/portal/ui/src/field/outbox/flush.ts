/** Sends the outbox: on opening, when the network or the page comes back, by a timer, and when something is added. */
import { alone } from "./lock";
import { ask, serverNow } from "./ask";
import { type Entry, type Moment, bodyOf } from "./entry";
import { type Happening, after, next } from "./outbox";
import { check, send, sendPhoto } from "./send";
import type { Store } from "./store";

const EVERY_MS = 20_000;
const IDENTITY_LIMIT_MS = 10_000;
const AGAIN_MS = [3_000, 6_000, 12_000, 20_000] as const;

/** `another`: somebody else is signed in now, under whose name nothing of this person's may go. */
export type Link = "idle" | "sending" | "away" | "signed_out" | "another";

export interface Hooks {
  link(state: Link): void;
  /** The server answered with the order as it is now. */
  order(order: Readonly<Record<string, unknown>>): void;
  /** A step arrived: what is shown of the order is behind. */
  behind(orderId: string): void;
}

export function moment(): Moment {
  return { now_ms: Date.now(), server_ms: serverNow(), fresh: crypto.randomUUID() };
}

/** Return how things stand between this phone and the portal for `user`: only "idle" lets anything be sent. */
async function identity(user: string): Promise<Link> {
  const said = await ask("/api/v1/people/me", { method: "GET" }, IDENTITY_LIMIT_MS);
  if (said === null || said.status >= 500) return "away";
  if (said.status === 401 || said.status === 403) return "signed_out";
  if (said.body?.["username"] !== user) return typeof said.body?.["username"] === "string" ? "another" : "away";
  return said.body["owes"] ? "signed_out" : "idle";
}

export class Flusher {
  private running = false;
  private again = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly stops: (() => void)[] = [];
  private stopped = false;

  constructor(
    private readonly store: Store,
    private readonly user: string,
    private readonly hooks: Hooks,
  ) {}

  start(): () => void {
    const wake = (): void => {
      this.failures = 0;
      this.wake();
    };
    const seen = (): void => {
      if (document.visibilityState === "visible") wake();
    };
    const timer = setInterval(() => this.wake(), EVERY_MS);
    window.addEventListener("online", wake);
    window.addEventListener("focus", wake);
    document.addEventListener("visibilitychange", seen);
    this.stops.push(
      () => clearInterval(timer),
      () => window.removeEventListener("online", wake),
      () => window.removeEventListener("focus", wake),
      () => document.removeEventListener("visibilitychange", seen),
      () => clearTimeout(this.timer),
    );
    wake();
    return () => {
      this.stopped = true;
      for (const stop of this.stops) stop();
    };
  }

  /** Send what can be sent now; while it is being done, do it once more afterwards. */
  wake(): void {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    this.again = false;
    clearTimeout(this.timer);
    this.flush().then(
      (wait) => this.rest(wait),
      () => this.rest(AGAIN_MS[1]),
    );
  }

  private rest(wait: number | null): void {
    this.running = false;
    if (this.stopped) return;
    if (this.again) this.wake();
    else if (wait !== null) this.timer = setTimeout(() => this.wake(), wait);
  }

  /** Return after how long to try again; null when only something new is a reason. */
  private async flush(): Promise<number | null> {
    const todo = next(await this.store.entries(), this.user, moment());
    if (todo.do === "nothing") return todo.until_ms === null ? null : Math.max(500, todo.until_ms - Date.now());
    let wait: number | null = AGAIN_MS[0];
    await alone(this.store, async (holds) => {
      wait = await this.round(holds);
    });
    return wait;
  }

  private async round(holds: () => Promise<boolean>): Promise<number | null> {
    for (;;) {
      // Asked before each: another tab may have signed somebody else in. It tells the server's time, too.
      const link = await identity(this.user);
      if (link === "signed_out" || link === "another") {
        this.hooks.link(link);
        return null;
      }
      if (link === "away" || !(await holds()) || this.stopped) return this.backOff(link);
      const todo = next(await this.store.entries(), this.user, moment());
      if (todo.do === "nothing") {
        this.hooks.link("idle");
        return todo.until_ms === null ? null : Math.max(500, todo.until_ms - Date.now());
      }
      this.hooks.link("sending");
      const happening = await this.perform(todo);
      if (happening.kind === "signed_out") {
        // A token that was just renewed by another tab looks the same; asking again tells.
        const now = await identity(this.user);
        if (now === "idle") continue;
        this.hooks.link(now === "away" ? "away" : now);
        return now === "away" ? this.backOff(now) : null;
      }
      if (happening.kind === "away") return this.backOff("away");
      this.failures = 0;
    }
  }

  private backOff(link: Link): number {
    if (link === "away") this.hooks.link("away");
    const wait = AGAIN_MS[Math.min(this.failures++, AGAIN_MS.length - 1)] ?? AGAIN_MS[3];
    return wait * (0.8 + 0.4 * Math.random());
  }

  private async perform(todo: Exclude<ReturnType<typeof next>, { do: "nothing" }>): Promise<Happening> {
    const { entry } = todo;
    if (todo.do === "check") return this.note(entry, await check(entry));
    if (todo.do === "photo") {
      return this.note(entry, await sendPhoto(entry, todo.photo, await this.store.photo(todo.photo.photo_id)));
    }
    // Stored before it is sent: whatever happens from here on, the phone knows that the server may have it.
    const body = bodyOf(entry);
    const marked = await this.store.change(entry.seq, (was) => after(was, { kind: "sending", id: entry.id, body }, moment()));
    if (!marked || marked.id !== entry.id || marked.state !== "waiting") return { kind: "absent", id: entry.id };
    const { happening, order } = await send(marked);
    const noted = await this.note(entry, happening);
    if (order) this.hooks.order(order);
    if (happening.kind === "taken") this.hooks.behind(entry.order_id);
    return noted;
  }

  private async note(entry: Entry, happening: Happening): Promise<Happening> {
    await this.store.change(entry.seq, (was) => after(was, happening, moment()));
    return happening;
  }
}
