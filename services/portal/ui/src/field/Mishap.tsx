/** A view that breaks says so and can be loaded anew; what was done is stored. */
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

export class Mishap extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Said /> : this.props.children;
  }
}

function Said(): ReactNode {
  const { t } = useTranslation();
  return (
    <main className="page" role="alert">
      <p>{t("field.mishap")}</p>
      <button type="button" className="button wide" onClick={() => location.assign("/field/")}>{t("common.again")}</button>
    </main>
  );
}
