/** Who is signed in, for every view below the shell. */
import { createContext, useContext } from "react";
import type { Me } from "../../people/session";
import { useScope } from "../address";
import { rootOf } from "../areas";

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("a view outside the app");
  return me;
}

/** The area that is looked at: the chosen one, else all that the person is responsible for. */
export function useArea(): string {
  const me = useMe();
  const { area } = useScope();
  return area || rootOf(me.area_code);
}
