/** One request of the outbox, told apart: an answer of the API, or no network. */

export interface Answered {
  status: number;
  /** The code of a problem, or the status where there is none. */
  type: string;
  detail: string;
  body: Readonly<Record<string, unknown>> | null;
  retry_after_s: number | null;
}

/** The server's clock minus the phone's, as the newest answer told; null before one came. */
let offset: number | null = null;

export function clockOffset(): number | null {
  return offset;
}

/** Learn from any answer how the clocks differ; `Date` has whole seconds. */
export function learnClock(response: Response): void {
  const said = Date.parse(response.headers.get("date") ?? "");
  if (!Number.isNaN(said)) offset = said + 500 - Date.now();
}

/** Return the server's time now, as far as it is known. */
export function serverNow(): number | null {
  return offset === null ? null : Date.now() + offset;
}

function record(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null && !Array.isArray(said) ? (said as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Send a request; null when there is no network, the portal is not there, or something else answers in its place. */
export async function ask(path: string, init: RequestInit, limit_ms: number): Promise<Answered | null> {
  try {
    const response = await fetch(path, {
      ...init,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(limit_ms),
    });
    const text = await response.text();
    const body = record(text);
    // A page of a hotel's network is no answer of ours.
    if (response.ok && body === null) return null;
    learnClock(response);
    const retry = Number(response.headers.get("retry-after") ?? "");
    return {
      status: response.status,
      type: String(body?.["type"] ?? response.status),
      detail: String(body?.["detail"] ?? body?.["title"] ?? text.slice(0, 200)),
      body,
      retry_after_s: retry > 0 ? retry : null,
    };
  } catch {
    return null;
  }
}
