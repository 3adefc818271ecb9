import type { ReactNode } from "react";
import type { Alert } from "../../api/types";
import { Priority } from "../parts/Priority";
import { PRIORITIES } from "./filters";

/** How many of each priority. */
export function ByPriority({ of }: { of: readonly Alert[] }): ReactNode {
  return (
    <p className="row">
      {PRIORITIES.map((priority) => {
        const count = of.filter((alert) => alert.priority === priority).length;
        return count > 0 && <span key={priority}><Priority of={priority} /> {count}</span>;
      })}
    </p>
  );
}
