/** One value that many look at, outside React's tree: setting it draws only who looks. */
import { useSyncExternalStore } from "react";

export class Cell<T> {
  private readonly lookers = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const look of this.lookers) look();
  }

  readonly subscribe = (look: () => void): (() => void) => {
    this.lookers.add(look);
    return () => this.lookers.delete(look);
  };
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
