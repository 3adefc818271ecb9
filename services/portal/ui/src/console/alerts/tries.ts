/** The tries of one act on many: what was done is not done again, and what is sent again keeps its key. */
export class Tries<K> {
  private readonly keys = new Map<string, K>();
  private readonly over = new Set<string>();
  private body = "";

  constructor(private readonly once: () => K) {}

  /** Begin anew with what is sent this time; another body is another act, and needs other keys. */
  begin(body: string): void {
    if (body !== this.body) this.keys.clear();
    this.body = body;
  }

  isDone(id: string): boolean {
    return this.over.has(id);
  }

  keyOf(id: string): K {
    const key = this.keys.get(id) ?? this.once();
    this.keys.set(id, key);
    return key;
  }

  done(id: string): void {
    this.over.add(id);
  }

  /** What the server refused is another act when it is tried again; what was lost on the way is the same. */
  refused(id: string): void {
    this.keys.delete(id);
  }
}
