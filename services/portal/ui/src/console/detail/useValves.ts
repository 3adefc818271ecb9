/** The valves that protect where an alert is; none known is another thing than none there. */
import { useQuery } from "@tanstack/react-query";
import type { Alert } from "../../api/types";
import { readDevices } from "../data/read";

export interface Valves {
  data: { id: string; zone: string }[] | undefined;
  error: unknown;
  refetch: () => unknown;
}

export function useValves(alert: Alert): Valves {
  const { data, error, refetch } = useQuery({ queryKey: ["devices", alert.site_id], queryFn: () => readDevices(alert.site_id), staleTime: 60_000 });
  const valves = data?.filter((device) => device.kind === "valve" && device.zone === alert.zone && device.retired_on === null);
  return { data: valves?.map((device) => ({ id: device.device_id, zone: device.zone })), error, refetch };
}
