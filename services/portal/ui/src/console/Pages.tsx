/** Which address shows which screen; only the alert list is in the first load. */
import { type ReactNode, Suspense, lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { AlertsPage } from "./alerts/AlertsPage";
import { Loading } from "./parts/States";
import { useMe } from "./shell/me";
import { Shell } from "./shell/Shell";

const OrdersPage = lazy(() => import("./orders/OrdersPage"));
const MapPage = lazy(() => import("./map/MapPage"));
const DevicesPage = lazy(() => import("./devices/DevicesPage"));
const RulesPage = lazy(() => import("./rules/RulesPage"));
const NoticesPage = lazy(() => import("./notices/NoticesPage"));
const HandoverPage = lazy(() => import("./handover/HandoverPage"));
const FiguresPage = lazy(() => import("./figures/FiguresPage"));
const PeoplePage = lazy(() => import("./people/PeoplePage"));
const AuditPage = lazy(() => import("./audit/AuditPage"));
const MePage = lazy(() => import("./people/MePage"));
const WallPage = lazy(() => import("./wall/WallPage"));

export function Pages(): ReactNode {
  const me = useMe();
  if (me.screen) return <Suspense fallback={<Loading />}><WallPage /></Suspense>;
  const home = me.role === "administrator" ? "/people" : "/alerts";
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route path="/wall" element={<WallPage />} />
        <Route element={<Shell />}>
          <Route path="/alerts" element={<AlertsPage />} />
          <Route path="/orders" element={<OrdersPage />} />
          <Route path="/map" element={<MapPage />} />
          <Route path="/devices" element={<DevicesPage />} />
          <Route path="/rules" element={<RulesPage />} />
          <Route path="/notices" element={<NoticesPage />} />
          <Route path="/handover" element={<HandoverPage />} />
          <Route path="/figures" element={<FiguresPage />} />
          <Route path="/people" element={<PeoplePage />} />
          <Route path="/audit" element={<AuditPage />} />
          <Route path="/me" element={<MePage />} />
          <Route path="*" element={<Navigate to={home} replace />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
