/** Alerts as the list holds them: what sorting and searching need is worked out once per change. */
import type { Alert } from "../../api/types";

export interface Row {
  readonly id: string;
  readonly alert: Alert;
  readonly openedMs: number;
  /** Unacknowledged first, then priority: the smaller, the higher it stands. */
  readonly rank: number;
}

export function rowOf(alert: Alert): Row {
  return {
    id: alert.alert_id,
    alert,
    openedMs: Date.parse(alert.opened_at),
    rank: (alert.acknowledged ? 10 : 0) + Number(alert.priority.slice(1)),
  };
}

/** Unacknowledged, priority, newest; the id decides between equals, so that equals stay where they are. */
export function inOrder(one: Row, other: Row): number {
  return one.rank - other.rank || other.openedMs - one.openedMs || (one.id < other.id ? -1 : 1);
}

/** Returned to normal but unacknowledged stays on the list. */
export function isOpen(alert: Alert): boolean {
  return alert.active || !alert.acknowledged;
}

/** What rings: nobody has acknowledged, silenced or shelved it, and it is no test. */
export function rings(alert: Alert): boolean {
  return !alert.acknowledged && !alert.silenced && !alert.suppressed && !alert.test;
}
