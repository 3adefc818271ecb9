/** Who is signed in, and what the role lets one try; the server has the last word. */
import { type ReactNode, createContext, useContext } from "react";
import type { Me } from "../../people/session";

const WhoIsHere = createContext<Me | null>(null);

export function MeProvider({ me, children }: { me: Me; children: ReactNode }): ReactNode {
  return <WhoIsHere value={me}>{children}</WhoIsHere>;
}

export function useMe(): Me {
  const me = useContext(WhoIsHere);
  if (me === null) throw new Error("nobody is signed in here");
  return me;
}

const WATCH = ["watch", "watch_supervisor"];
const FIRM = [...WATCH, "operator_admin", "dispatcher"];
const ALLOWED = {
  handleAlerts: [...WATCH, "dispatcher", "administrator"],
  closeValves: [...WATCH, "dispatcher"],
  seeValves: FIRM,
  openOrders: [...WATCH, "dispatcher", "administrator"],
  directOrders: ["dispatcher", "watch_supervisor", "administrator"],
  handOver: [...WATCH, "dispatcher"],
  changeSetPoints: ["watch_supervisor", "administrator"],
  changeNotices: ["watch_supervisor", "operator_admin", "administrator"],
  seeNotices: [...FIRM, "administrator"],
  seeCoverage: [...WATCH, "operator_admin", "administrator"],
  seeAudit: ["watch_supervisor", "operator_admin", "administrator"],
  seePeople: ["administrator"],
  keepWatch: [...WATCH, "dispatcher"],
} as const;
export type Deed = keyof typeof ALLOWED;

/** Return whether the one signed in may try something: what is not allowed is not offered. */
export function useMay(): (deed: Deed) => boolean {
  const { role } = useMe();
  return (deed) => (ALLOWED[deed] as readonly string[]).includes(role);
}
