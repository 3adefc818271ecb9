/** One's own account; screens on the wall are hung up and taken down here. */
import type { ReactNode } from "react";
import { OwnAccount } from "../../people/OwnAccount";
import { Page } from "../parts/Page";
import { useMe } from "../shell/me";

export default function MePage(): ReactNode {
  const me = useMe();
  return <Page screen="me"><OwnAccount me={me} /></Page>;
}
