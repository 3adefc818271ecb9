/** A list that is read while a stream tells of its changes: the newer word holds, whichever came later. */

export type How<T> = (was: T | null) => T | null;

/** Answers of which only the last one asked for counts, with what was told while it was under way. */
export class Answers<T> {
  private turn = 0;
  private told: How<T>[] = [];

  /** Begin a question; what it was told before is in its answer. */
  begin(): number {
    this.told = [];
    return ++this.turn;
  }

  tell(how: How<T>): void {
    this.told.push(how);
  }

  isCurrent(turn: number): boolean {
    return turn === this.turn;
  }

  /** Give what the answer is by what was told since its question. */
  end(answer: T): T {
    const whole = this.told.reduce<T>((value, how) => how(value) ?? value, answer);
    this.told = [];
    return whole;
  }
}

interface Revised {
  order_id: string;
  revision: number;
  crew_id: string | null;
}

/** Put what is told of an order into a crew's orders; an older word than the list's own changes nothing. */
export function merged<T extends Revised>(orders: T[] | null, told: T, crewId: string | null): T[] {
  const all = orders ?? [];
  const was = all.find((one) => one.order_id === told.order_id);
  if (was && was.revision > told.revision) return all;
  const others = all.filter((one) => one.order_id !== told.order_id);
  return told.crew_id === crewId ? [told, ...others] : others;
}
