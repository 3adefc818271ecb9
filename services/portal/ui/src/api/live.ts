/** A live stream that comes back by itself and says how old what it shows is. */
import { sessionEnded } from "./client";
import { isSilent } from "./silence";

export type Connection = "connecting" | "live" | "lost";

export interface LiveEvents<T> {
  changed(item: T): void;
  /** What was before, or was missed, is not told again: read the list anew. */
  reset(): void;
  connection(state: Connection, since: number): void;
}

const BACK_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;

/** Follow `/api/v1/stream/{name}` until the returned function is called. */
export function follow<T>(name: "alerts" | "orders", kind: "alert" | "order", events: LiveEvents<T>): () => void {
  let stopped = false;
  let lastId = "";
  let tries = 0;
  let heardAt = Date.now();
  let triedAt = heardAt;
  let abort = new AbortController();
  let again: () => void = () => undefined;

  async function read(): Promise<void> {
    triedAt = Date.now();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (lastId) headers["Last-Event-ID"] = lastId;
    const response = await fetch(`/api/v1/stream/${name}`, { headers, signal: abort.signal, cache: "no-store" });
    if (response.status === 401) sessionEnded();
    if (!response.ok || response.body === null) throw new Error(String(response.status));
    tries = 0;
    heardAt = Date.now();
    events.connection("live", heardAt);
    // From here on everything is told, and nothing of before: a list that was read earlier may lack what came since.
    if (!lastId) events.reset();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heardAt = Date.now();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
    }
  }

  function take(block: string): void {
    let type = "message";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("id: ")) lastId = line.slice(4);
      else if (line.startsWith("event: ")) type = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (type === "reset") events.reset();
    else if (type === kind && data) events.changed(JSON.parse(data) as T);
  }

  async function run(): Promise<void> {
    while (!stopped) {
      abort = new AbortController();
      try {
        await read();
      } catch {
        /* the next try says it */
      }
      if (stopped) return;
      events.connection("lost", heardAt);
      const wait = BACK_MS[Math.min(tries++, BACK_MS.length - 1)] ?? 10_000;
      await new Promise<void>((resolve) => {
        again = resolve;
        setTimeout(resolve, wait * (0.8 + 0.4 * Math.random()));
      });
    }
  }

  const watch = setInterval(() => {
    if (isSilent(Date.now(), heardAt, triedAt)) abort.abort();
  }, 5_000);
  // Who knows that the network is gone says so at once; a stream that is merely silent takes longer to tell.
  const gone = (): void => abort.abort();
  const back = (): void => again();
  window.addEventListener("offline", gone);
  window.addEventListener("online", back);
  events.connection("connecting", heardAt);
  void run();
  return () => {
    stopped = true;
    clearInterval(watch);
    window.removeEventListener("offline", gone);
    window.removeEventListener("online", back);
    abort.abort();
  };
}
