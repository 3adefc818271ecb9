/** Compiles the pure parts of the front end into a folder of its own and runs their tests by node's test runner. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const PURE = [
  "src/field/outbox/entry.ts",
  "src/field/outbox/outbox.ts",
  "src/look/gcj02.ts",
  "src/console/valves/loop.ts",
  "src/console/live/rows.ts",
  "src/console/live/known.ts",
  "src/console/orders/kinds.ts",
  "src/api/silence.ts",
  "src/field/told.ts",
  "src/people/staying.ts",
  "src/console/alerts/meant.ts",
  "src/console/alerts/tries.ts",
  "src/console/map/pace.ts",
  "src/console/detail/span.ts",
  "src/console/devices/health.ts",
];
const TESTS = [
  "src/field/outbox/outbox.test.mjs",
  "src/field/outbox/chaos.test.mjs",
  "src/look/gcj02.test.mjs",
  "src/console/valves/loop.test.mjs",
  "src/console/live/rows.test.mjs",
  "src/console/live/known.test.mjs",
  "src/console/orders/kinds.test.mjs",
  "src/api/silence.test.mjs",
  "src/field/told.test.mjs",
  "src/people/staying.test.mjs",
  "src/console/alerts/meant.test.mjs",
  "src/console/alerts/tries.test.mjs",
  "src/console/map/pace.test.mjs",
  "src/console/detail/span.test.mjs",
  "src/console/devices/health.test.mjs",
];

const out = mkdtempSync(join(tmpdir(), "gaswatch-ui-"));
const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, COMPILED: out } }).status ?? 1;
try {
  writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  const options = ["--strict", "--target", "ES2022", "--module", "ESNext", "--moduleResolution", "bundler"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const compiled = run(process.execPath, [tsc, ...options, "--rootDir", "src", "--outDir", out, ...PURE]);
  process.exitCode = compiled || run(process.execPath, ["--test", ...TESTS]);
} finally {
  rmSync(out, { recursive: true, force: true });
}
