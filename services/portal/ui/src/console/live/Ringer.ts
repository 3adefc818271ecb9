/** The sound of what nobody has acknowledged, one pattern per priority. A browser is dumb until somebody clicks. */
import type { Alert } from "../../api/types";
import type { AlertStore } from "./AlertStore";
import { Cell } from "./cell";
import type { Line } from "./LiveProvider";
import { rings } from "./rows";

type Priority = Alert["priority"];
/** `[frequency in Hz, beginning in s, length in s]` of each tone, and how often the pattern comes. */
interface Pattern {
  tones: readonly (readonly [number, number, number])[];
  everyMs: number;
}
const PATTERNS: Record<Priority, Pattern | null> = {
  P1: { tones: [[988, 0, 0.16], [740, 0.2, 0.16], [988, 0.4, 0.16], [740, 0.6, 0.16]], everyMs: 1_500 },
  P2: { tones: [[660, 0, 0.18], [660, 0.28, 0.18]], everyMs: 5_000 },
  P3: { tones: [[440, 0, 0.25]], everyMs: 30_000 },
  P4: null,
};
const LOUD = 0.35;
const LOOK_MS = 500;
const LOST_MS = 10_000;

export class Ringer {
  /** Whether this page may sound at all. */
  readonly unlocked = new Cell(false);
  /** What rings now, to be shown beside the button that hushes it. */
  readonly ringing = new Cell<Priority | null>(null);
  private context: AudioContext | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly hushed = new Set<string>();
  private last = { priority: null as Priority | null, at: 0 };

  constructor(
    private readonly alerts: AlertStore,
    private readonly line: Cell<Line>,
  ) {}

  start(): void {
    this.stop();
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.alerts.heard = (alert, before) => {
      const fresh = rings(alert) && (before === undefined || before.priority !== alert.priority || !rings(before));
      if (fresh) {
        this.hushed.delete(alert.alert_id);
        this.hear(alert.priority);
      }
    };
  }

  stop(): void {
    clearInterval(this.timer);
    this.alerts.heard = () => undefined;
    this.ringing.set(null);
  }

  /** Unlock the sound; must be called from a click. Rejects where there is no sound at all. */
  async unlock(): Promise<void> {
    this.context ??= new AudioContext();
    const context = this.context;
    context.onstatechange = () => this.unlocked.set(context.state === "running");
    await context.resume();
    this.unlocked.set(context.state === "running");
  }

  /** Sound one priority once. */
  test(priority: Priority): void {
    this.play(priority);
  }

  /** Stop the sound of all that rings now, at this desk alone; it acknowledges nothing. */
  hush(): void {
    for (const { alert } of this.alerts.rows()) if (rings(alert)) this.hushed.add(alert.alert_id);
    this.ringing.set(null);
  }

  private worst(): Priority | null {
    let worst: Priority | null = null;
    for (const { alert } of this.alerts.rows()) {
      if (!rings(alert) || PATTERNS[alert.priority] === null || this.hushed.has(alert.alert_id)) continue;
      if (worst === null || alert.priority < worst) worst = alert.priority;
      if (worst === "P1") break;
    }
    return worst;
  }

  private look(): void {
    const worst = this.worst();
    this.ringing.set(worst);
    // A desk that hears nothing any more must be heard itself.
    const { state, since } = this.line.get();
    const sounding = worst ?? (state !== "live" && Date.now() - since > LOST_MS ? "P3" : null);
    if (sounding === null) this.last = { priority: null, at: 0 };
    else this.hear(sounding);
  }

  /** Sound a priority if it is its time, or it is worse than what sounded last. */
  private hear(worst: Priority): void {
    const pattern = PATTERNS[worst];
    const now = performance.now();
    const worse = this.last.priority === null || worst < this.last.priority;
    if (!pattern || (!worse && now - this.last.at < pattern.everyMs)) return;
    this.last = { priority: worst, at: now };
    this.play(worst);
  }

  private play(priority: Priority): void {
    const context = this.context;
    const pattern = PATTERNS[priority];
    if (!context || context.state !== "running" || !pattern) return;
    for (const [frequency, begin, length] of pattern.tones) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const at = context.currentTime + begin;
      tone.type = "square";
      tone.frequency.value = frequency;
      // Without a ramp each tone clicks.
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(LOUD, at + 0.01);
      volume.gain.setValueAtTime(LOUD, at + length - 0.02);
      volume.gain.linearRampToValueAtTime(0, at + length);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  }
}
