/** The API of the portal, typed by its own OpenAPI document; problems (RFC 9457) become one kind of error. */
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

export interface FieldFault {
  loc: (string | number)[];
  msg: string;
  /** The code that the catalogues may know. */
  type: string;
}

/** What the API refuses with; `type` is the code that the catalogues know. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    title: string,
    readonly detail: string,
    readonly errors: readonly FieldFault[] = [],
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(title);
  }

  /** The reason given for a field, if any. */
  field(name: string): string | undefined {
    return this.errors.find((fault) => fault.loc.at(-1) === name)?.msg;
  }
}

type Ended = () => void;
let ended: Ended = () => undefined;

/** Say what happens when the session is over. */
export function onSessionEnd(call: Ended): void {
  ended = call;
}

/** Tell it: whoever asks without this client has heard that nobody is signed in. */
export function sessionEnded(): void {
  ended();
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const said = JSON.parse(text) as Record<string, unknown>;
    return new Problem(
      response.status,
      String(said["type"] ?? response.status),
      String(said["title"] ?? response.statusText),
      String(said["detail"] ?? ""),
      (said["errors"] as FieldFault[] | undefined) ?? [],
      said,
    );
  } catch {
    return new Problem(response.status, String(response.status), response.statusText, text.slice(0, 200));
  }
}

const problems: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (response.status === 401 && problem.type === "unauthorised" && !response.url.endsWith("/session")) ended();
    throw problem;
  },
};

// Answers that are files (`format=csv`) are links; what is read here is JSON.
export const api = createClient<paths, "application/json">({ baseUrl: "", credentials: "same-origin" });
api.use(problems);

/** The key that lets one act be sent again without being done twice. */
export function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
