/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm test` checks the types of everything, tests included; a server that starts has no use for that.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
};

export default config;
