import type { MetadataRoute } from "next";
import { routes } from "@/lib/shared/routes";

/** Crawlers may read what is for everyone: the home page and the two forms it leads to. Nothing else is worth finding. */
export default function robots(): MetadataRoute.Robots {
  const { home, login, register, ...others } = routes;
  return {
    rules: { userAgent: "*", allow: [home, login, register], disallow: [...Object.values(others), "/api/"] },
  };
}
