import { PHASE_PRODUCTION_BUILD } from "next/constants.js";
import { SCRIPTLESS_POLICY, SECURITY_HEADERS } from "./lib/web/security-headers.mjs";

/** @param {Record<string, string>} headers */
const inNotation = (headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));

/** What runs no script; pages get a policy of their own from the middleware. */
const SCRIPTLESS_PATHS = [
  "/api/:path*",
  "/_next/:path*",
  "/favicon.ico",
  "/icon.svg",
  "/apple-icon.png",
  "/robots.txt",
];

// `next start <folder>` stays where it was called from; migrations and relative settings are found from here.
process.chdir(import.meta.dirname);

/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm test` checks the types of everything, tests included; a server that starts has no use for that.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
  // The copy that Next itself reads `.env` with: it alone knows what the environment said before.
  serverExternalPackages: ["@next/env"],
  // The middleware sees requests as they were sent: data behind a page is told from the page by its headers.
  skipProxyUrlNormalize: true,
  experimental: { serverActions: { bodySizeLimit: "512kb" }, proxyClientMaxBodySize: "1mb" },
  async headers() {
    return [
      { source: "/:path*", headers: inNotation(SECURITY_HEADERS) },
      ...SCRIPTLESS_PATHS.map((source) => ({
        source,
        headers: inNotation({ "Content-Security-Policy": SCRIPTLESS_POLICY }),
      })),
    ];
  },
  outputFileTracingRoot: import.meta.dirname,
  // The image optimizer is not needed at run time: `images.unoptimized` switches it off.
  outputFileTracingExcludes: { "**": ["node_modules/sharp/**", "node_modules/@img/**"] },
};

/**
 * The build writes the standalone output beside the usual one. Only the build is told so: `next start` serves the usual
 * one, and would otherwise warn that it cannot.
 * @param {string} phase
 * @returns {import("next").NextConfig}
 */
export default (phase) => (phase === PHASE_PRODUCTION_BUILD ? { ...config, output: "standalone" } : config);
