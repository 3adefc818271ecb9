/** Who is signed in, how that begins and how it ends. */
import { api } from "../api/client";
import { begun, over } from "./staying";

export interface Me {
  username: string;
  name: string;
  role: string;
  operator_id: string | null;
  area_code: string | null;
  crew_id: string | null;
  second_factor: boolean;
  owes: "password" | "second_factor" | null;
  /** The screen on the wall that this browser is; null for a person. */
  screen: string | null;
}

const SCREEN_KEY = "#key=";

/** Become the screen on the wall whose key the address holds; the key leaves the address. */
export async function hangUp(): Promise<void> {
  if (!location.hash.startsWith(SCREEN_KEY)) return;
  const token = location.hash.slice(SCREEN_KEY.length);
  history.replaceState(null, "", location.pathname);
  // A link from somebody else must not put a person's browser into another one's name.
  const me = await whoAmI();
  if (me !== null && !me.screen) return;
  await api.POST("/api/v1/session:screen", { body: { token } });
}

/** Return who is signed in, or null. */
export async function whoAmI(): Promise<Me | null> {
  const response = await fetch("/api/v1/people/me", { cache: "no-store" });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Me;
}

export async function signIn(username: string, password: string, otp: string): Promise<void> {
  await api.POST("/api/v1/session", { body: { username, password, ...(otp ? { otp } : {}) } });
  begun();
}

export async function signOut(): Promise<void> {
  over();
  await api.DELETE("/api/v1/session");
}

/** Where somebody of a role works. */
export function appOf(role: string): "/console/" | "/regulator/" | "/field/" {
  if (role.startsWith("crew_")) return "/field/";
  return role.startsWith("regulator_") || role === "inspector" || role === "government_approver" ? "/regulator/" : "/console/";
}
