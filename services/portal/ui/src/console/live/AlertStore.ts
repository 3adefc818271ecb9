/** All open alerts, by id. Changes come hundreds a second; those who look hear of them a few times a second. */
import type { Alert } from "../../api/types";
import { type Row, isOpen, rowOf } from "./rows";

// Between two drawings; the first change after a pause is drawn with the next frame.
const REST_MS = 120;
// A desk that draws slowly draws less often, so that keys and clicks still come through.
const REST_MS_MAX = 350;
// A hidden page gets no frames, and the watch still has to hear.
const HIDDEN_MS = 500;
// What closed stays known for a while: a row that somebody looks at must not lose its words.
const CLOSED_KEPT = 500;

export class AlertStore {
  private readonly open = new Map<string, Row>();
  private readonly closed = new Map<string, Row>();
  private readonly lookers = new Set<() => void>();
  private version = 0;
  private due: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private rest = REST_MS;
  /** Called at once with every change, before anything is drawn. */
  heard: (alert: Alert, before: Alert | undefined) => void = () => undefined;

  readonly snapshot = (): number => this.version;

  readonly subscribe = (look: () => void): (() => void) => {
    this.lookers.add(look);
    return () => this.lookers.delete(look);
  };

  get size(): number {
    return this.open.size;
  }

  rows(): IterableIterator<Row> {
    return this.open.values();
  }

  row(id: string): Row | undefined {
    return this.open.get(id) ?? this.closed.get(id);
  }

  /** Take an alert as it is now; an older revision than the known one changes nothing. */
  take(alert: Alert): void {
    const before = this.row(alert.alert_id)?.alert;
    if (before && before.revision >= alert.revision) return;
    const row = rowOf(alert);
    if (isOpen(alert)) {
      this.closed.delete(row.id);
      this.open.set(row.id, row);
    } else {
      this.open.delete(row.id);
      this.keepClosed(row);
    }
    this.heard(alert, before);
    this.draw();
  }

  /** After a whole list was read: what is in neither it nor `touched` is over. */
  keepOnly(ids: ReadonlySet<string>, touched: ReadonlySet<string>): void {
    for (const id of [...this.open.keys()]) {
      if (!ids.has(id) && !touched.has(id)) this.open.delete(id);
    }
    this.draw();
  }

  private keepClosed(row: Row): void {
    this.closed.set(row.id, row);
    if (this.closed.size <= CLOSED_KEPT) return;
    const oldest = this.closed.keys().next().value;
    if (oldest !== undefined) this.closed.delete(oldest);
  }

  private draw(): void {
    if (this.due !== undefined) return;
    const rest = document.hidden ? HIDDEN_MS : Math.max(0, this.rest - (performance.now() - this.drawnAt));
    this.due = setTimeout(() => (document.hidden ? this.tell() : requestAnimationFrame(this.tell)), rest);
  }

  private readonly tell = (): void => {
    this.due = undefined;
    const began = performance.now();
    this.version += 1;
    for (const look of this.lookers) look();
    setTimeout(() => {
      this.drawnAt = performance.now();
      this.rest = Math.min(REST_MS_MAX, Math.max(REST_MS, 2 * (this.drawnAt - began)));
    });
    this.drawnAt = began;
  };
}
