import type { MetadataRoute } from "next";
import { isPrivatePath, routes } from "@/lib/shared/routes";

/**
 * Crawlers may read what is for everyone: the home page and the two forms it leads to. Private pages lead them to the login
 * as they lead any visitor, and need no list for strangers to read. Nothing else is worth finding.
 */
export default function robots(): MetadataRoute.Robots {
  const { home, login, register, ...others } = routes;
  const disallow = Object.values(others).filter((path) => !isPrivatePath(path));
  return { rules: { userAgent: "*", allow: [home, login, register], disallow: [...disallow, "/api/"] } };
}
