/** Times as people in Asia/Shanghai read them, whatever zone their machine is in. */
const ZONE = "Asia/Shanghai";

const cache = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const known = cache.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(language, { timeZone: ZONE, hourCycle: "h23", ...options });
  cache.set(key, made);
  return made;
}

/** `2026-11-23 14:05:09`, the same in both languages. */
export function dateTime(time: string | number | Date): string {
  return format("sv-SE", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).format(new Date(time));
}

/** `14:05:09`. */
export function clock(time: string | number | Date): string {
  return format("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(time));
}

/** `2026-11-23`. */
export function day(time: string | number | Date): string {
  return format("sv-SE", { year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(time));
}

/** An age as `m:ss`, from an hour on `h:mm:ss`, from a day on `Nd h:mm`. */
export function age(from: string | number | Date, now: number): string {
  const seconds = Math.max(0, Math.floor((now - new Date(from).getTime()) / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days}d ${hours}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}
