import react from "@vitejs/plugin-react";
import { resolve } from "node:path";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { fieldFiles } from "./scripts/field-files";

// For development: the address of a running portal, which `/api` is passed on to as if from its own pages.
const PORTAL = process.env["GASWATCH_PORTAL"];

const APPS = ["console", "regulator", "field"] as const;

export default defineConfig({
  plugins: [
    react(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src/field",
      filename: "worker.ts",
      // The worker belongs to the crew's app alone: the other two must never show yesterday's page.
      outDir: "dist/field",
      injectRegister: false,
      scope: "/field/",
      base: "/field/",
      manifest: false,
      injectManifest: {
        globDirectory: "dist",
        globPatterns: ["assets/**/*.{js,css}"],
        dontCacheBustURLsMatching: /^assets\//,
        maximumFileSizeToCacheInBytes: 10_000_000,
        manifestTransforms: [
          (entries) => {
            const needed = fieldFiles("dist");
            const manifest = entries
              .filter((entry) => needed.has(entry.url))
              .map((entry) => ({ ...entry, url: `/${entry.url}` }));
            return { manifest, warnings: [] };
          },
        ],
      },
    }),
  ],
  ...(PORTAL
    ? {
        server: {
          proxy: {
            "/api": { target: PORTAL, changeOrigin: true, headers: { origin: PORTAL } },
          },
        },
      }
    : {}),
  // The portal puts a fresh nonce in its place with each page (Content-Security-Policy).
  html: { cspNonce: "__NONCE__" },
  build: {
    outDir: "dist",
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      input: Object.fromEntries(APPS.map((name) => [name, resolve(import.meta.dirname, name, "index.html")])),
      output: { entryFileNames: "assets/[name]-[hash].js" },
    },
  },
});
