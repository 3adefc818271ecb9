import react from "@vitejs/plugin-react";
import { resolve } from "node:path";
import { type Plugin, defineConfig } from "vite";

// For development: the address of a running portal, which `/api` is passed on to as if from its own pages.
const PORTAL = process.env["GASWATCH_PORTAL"];

const WORKER = "field/worker.js";

const here = (path: string): string => resolve(import.meta.dirname, path);

/** Tells the crew's worker which files the crew's app consists of, so that it works without network. */
function filesForWorker(): Plugin {
  return {
    name: "files-for-worker",
    generateBundle(_options, bundle) {
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk" || worker.imports.length > 0) throw new Error("the worker must stand alone");
      const files = Object.keys(bundle).filter((name) => /^assets\/field\/.*\.(js|css)$/.test(name));
      worker.code = worker.code.replaceAll("self.__FILES__", JSON.stringify(files.map((name) => `/${name}`).sort()));
    },
  };
}

/**
 * `npm run build` builds twice: the two apps with antd, which share what they can, and with `--mode field` the
 * crew's app, in files of its own: few of them, for a bad network, and within 100 kB, for which `words/small` takes
 * the place of i18next.
 */
export default defineConfig(({ mode }) => {
  const isField = mode === "field";
  const apps = isField ? ["field"] : ["console", "regulator"];
  const assets = isField ? "assets/field" : "assets";
  return {
    plugins: [react(), ...(isField ? [filesForWorker()] : [])],
    ...(isField
      ? { resolve: { alias: { "react-i18next": here("src/words/small/react-i18next.ts"), i18next: here("src/words/small/i18next.ts") } } }
      : {}),
    ...(PORTAL
      ? { server: { proxy: { "/api": { target: PORTAL, changeOrigin: true, headers: { origin: PORTAL } } } } }
      : {}),
    // The portal puts a fresh nonce in its place with each page (Content-Security-Policy).
    html: { cspNonce: "__NONCE__" },
    build: {
      outDir: "dist",
      emptyOutDir: !isField,
      copyPublicDir: !isField,
      target: "es2022",
      chunkSizeWarningLimit: 1500,
      rollupOptions: {
        input: {
          ...Object.fromEntries(apps.map((name) => [name, here(`${name}/index.html`)])),
          ...(isField ? { worker: here("src/field/worker.ts") } : {}),
        },
        output: {
          entryFileNames: (chunk) => (chunk.name === "worker" ? WORKER : `${assets}/[name]-[hash].js`),
          chunkFileNames: `${assets}/[name]-[hash].js`,
          assetFileNames: `${assets}/[name]-[hash][extname]`,
        },
      },
    },
  };
});
