/** How long ago, ticking; only this is drawn anew each second. */
import type { ReactNode } from "react";
import { age } from "../../look/time";
import { useNow } from "../live/now";

export function Age({ from }: { from: string | number }): ReactNode {
  return <span className="figure">{age(from, useNow())}</span>;
}

/** How long until then; `0:00` when it is over. */
export function Left({ until }: { until: string | number }): ReactNode {
  const now = useNow();
  return <span className="figure">{age(now, Math.max(now, new Date(until).getTime()))}</span>;
}
