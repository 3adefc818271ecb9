/** A new order rings in the open app: sound and vibration, until it is accepted or silenced by hand. */

const EVERY_MS = 4_000;
const TONES: readonly (readonly [hertz: number, at_s: number])[] = [[880, 0], [1_175, 0.25], [880, 0.5], [1_175, 0.75]];

let audio: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | undefined;

/** Browsers play nothing before somebody touched the page. */
export function unlock(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

export function isUnlocked(): boolean {
  return audio?.state === "running";
}

export function ringOnce(): void {
  if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.([300, 150, 300, 150, 600]);
  if (!audio || audio.state !== "running") return;
  for (const [hertz, at_s] of TONES) {
    const from = audio.currentTime + at_s;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.type = "square";
    tone.frequency.value = hertz;
    loud.gain.setValueAtTime(0.3, from);
    loud.gain.setValueAtTime(0, from + 0.2);
    tone.connect(loud).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.22);
  }
}

export function startRinging(): void {
  if (timer !== undefined) return;
  ringOnce();
  timer = setInterval(ringOnce, EVERY_MS);
}

export function stopRinging(): void {
  clearInterval(timer);
  timer = undefined;
}
