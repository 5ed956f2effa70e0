"use client";

import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { routes } from "@/lib/shared/routes";

/** What stands where there is no page. Next sends it along with every page: as a reference, since it is the browser's. */
export function NoSuchPage() {
  return (
    <MessagePage
      title="There is no such page"
      exit={<ButtonLink href={routes.home}>Go to the home page</ButtonLink>}
    >
      The address may be mistyped, or the page has moved.
    </MessagePage>
  );
}
