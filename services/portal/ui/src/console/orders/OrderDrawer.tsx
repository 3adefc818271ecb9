/** One order whole: its site, its alerts, its steps, and what a dispatcher can do about it. It stands in the address as `?order=`. */
import { Drawer } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { OrderSteps } from "../detail/OrderSteps";

const WIDTH_PX = 640;

export function OrderDrawer({ id, onClose }: { id: string | null; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  if (id === null) return null;
  return (
    <Drawer open onClose={onClose} size={Math.min(WIDTH_PX, window.innerWidth)} title={t("nav.orders")} aria-label={t("nav.orders")}>
      <OrderSteps key={id} orderId={id} whole />
    </Drawer>
  );
}
