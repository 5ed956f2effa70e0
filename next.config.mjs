import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { PHASE_DEVELOPMENT_SERVER, PHASE_PRODUCTION_BUILD } from "next/constants.js";
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
  "/account/picture/:path*",
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
  // No page waits for its title: Next would send it behind the page to browsers and in its head to others, in two ways.
  htmlLimitedBots: /.*/,
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
};

/**
 * Salts the names of server actions, by which a form says what it is for. One value for all builds, so that a form opened
 * before an upgrade, or made by another machine, is understood. Next writes it into the build, so it is no secret. What Next
 * encrypts with the key of this name is encrypted with another one, from AUTH_SECRET: `prepareServer()` sets it at run time.
 */
const ACTION_SALT = Buffer.from("latchkey: salts names of actions").toString("base64");

/**
 * The build writes the standalone output beside the usual one. Only the build is told so: `next start` serves the usual
 * one, and would otherwise warn that it cannot. `npm run build` names the folder; `next build` by itself writes to `.next`.
 * @param {string} phase
 * @returns {import("next").NextConfig}
 */
export default (phase) => {
  if (phase === PHASE_PRODUCTION_BUILD) {
    process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = ACTION_SALT;
    return {
      ...config,
      output: "standalone",
      distDir: process.env.LATCHKEY_BUILD_DIR ?? ".next",
      generateBuildId: () => process.env.LATCHKEY_BUILD_ID ?? null,
    };
  }
  if (phase === PHASE_DEVELOPMENT_SERVER) return { ...config, distDir: join(".builds", "new") };
  process.env.LATCHKEY_BUILD_DIR ??= buildInUse();
  return { ...config, distDir: process.env.LATCHKEY_BUILD_DIR };
};

/** The build in use by its own name, so that this server goes on with it when the link turns to another. */
function buildInUse() {
  try {
    return relative(import.meta.dirname, realpathSync(join(import.meta.dirname, ".next")));
  } catch {
    return ".next"; // Next says that there is none
  }
}
