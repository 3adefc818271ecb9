/** One tab sends at a time. Correctness rests on the keys of the entries; this saves the double work. */
import type { Store } from "./store";

const LEASE_MS = 180_000;
const NAME = "gaswatch.outbox";

interface Lease {
  holder: string;
  until_ms: number;
}

/** Run `work` unless another tab does; `holds` says whether this one still may. Returns whether it ran. */
export async function alone(store: Store, work: (holds: () => Promise<boolean>) => Promise<void>): Promise<boolean> {
  if ("locks" in navigator) {
    return navigator.locks.request(NAME, { ifAvailable: true }, async (lock) => {
      if (lock) await work(() => Promise.resolve(true));
      return lock !== null;
    });
  }
  const holder = crypto.randomUUID();
  const take = async (): Promise<boolean> => {
    const now = Date.now();
    const lease = await store.changeMeta<Lease>("lease", (was) => {
      // A lease beyond the longest there is comes from a clock that was put back.
      const isFree = !was || was.until_ms <= now || was.until_ms > now + LEASE_MS || was.holder === holder;
      return isFree ? { holder, until_ms: now + LEASE_MS } : was;
    });
    return lease.holder === holder;
  };
  if (!(await take())) return false;
  try {
    await work(take);
  } finally {
    await store.changeMeta<Lease>("lease", (was) => (was?.holder === holder ? { holder: "", until_ms: 0 } : (was ?? { holder: "", until_ms: 0 })));
  }
  return true;
}
