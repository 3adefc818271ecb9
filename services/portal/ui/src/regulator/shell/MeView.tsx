/** One's own account: where one is signed in, and a new password. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { OwnAccount } from "../../people/OwnAccount";
import { useMe } from "./me";

export function MeView(): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <h1>{t("own.title")}</h1>
      <OwnAccount me={useMe()} />
    </>
  );
}
