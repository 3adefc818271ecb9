/** A screen that breaks must not take the alerts, the sound and the banners with it. */
import { Alert, Button } from "antd";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface State {
  error: Error | null;
}

export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <Broken detail={this.state.error.message} again={() => this.setState({ error: null })} />;
  }
}

function Broken({ detail, again }: { detail: string; again: () => void }): ReactNode {
  const { t } = useTranslation();
  const action = (
    <>
      <Button onClick={again}>{t("common.again")}</Button>
      <Button onClick={() => location.reload()}>{t("shell.reload")}</Button>
    </>
  );
  return <Alert type="error" showIcon role="alert" title={t("shell.broken")} description={detail} action={action} />;
}
