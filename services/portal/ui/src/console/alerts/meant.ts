/** What a key is about. */
import type { Alert } from "../../api/types";
import type { Row } from "../live/rows";

export interface Meant {
  alerts: Alert[];
  /** It is not the one alert that is being looked at: nothing is done to it unasked. */
  ask: boolean;
}

/** Return what is picked, else the alert that is read or under the cursor. */
export function meantBy(rows: readonly Row[], picked: ReadonlySet<string>, shown: string | null, here: Row | undefined): Meant {
  const chosen = rows.filter((row) => picked.has(row.id));
  const [first] = chosen;
  if (!first) return { alerts: here ? [here.alert] : [], ask: false };
  return { alerts: chosen.map((row) => row.alert), ask: chosen.length > 1 || (shown !== null && shown !== first.id) };
}
