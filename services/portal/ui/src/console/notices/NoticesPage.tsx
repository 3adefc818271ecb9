/** Who is told of what, by which way, and whether it arrived. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Page } from "../parts/Page";
import { TabBar } from "../parts/TabBar";
import { Contacts } from "./Contacts";
import { Deliveries } from "./Deliveries";
import { Routes } from "./Routes";

const PARTS = { deliveries: Deliveries, contacts: Contacts, routes: Routes } as const;
type Part = keyof typeof PARTS;

export default function NoticesPage(): ReactNode {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const said = params.get("tab");
  const part: Part = said === "contacts" || said === "routes" ? said : "deliveries";
  const Shown = PARTS[part];
  return (
    <Page screen="notices">
      <TabBar label={t("nav.notices")} active={part} choose={(tab) => setParams({ tab })} items={(Object.keys(PARTS) as Part[]).map((key) => ({ key, label: t(`notices.${key}`) }))} />
      <Shown />
    </Page>
  );
}
