/** What a view shows stands in the address, so that it can be sent to somebody. */
import { useSearchParams } from "react-router";

type Put = (name: string, value: string | null | undefined) => void;

/** Return the address's parameters, and what sets one; an empty value takes it out. */
export function useAddress(options: { replace?: boolean } = {}): [URLSearchParams, Put] {
  const [params, setParams] = useSearchParams();
  const put: Put = (name, value) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, options);
  return [params, put];
}
