import type { Metadata } from "next";
import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { routes } from "@/lib/shared/routes";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <MessagePage
      title="There is no such page"
      exit={<ButtonLink href={routes.home}>Go to the home page</ButtonLink>}
    >
      The address may be mistyped, or the page has moved.
    </MessagePage>
  );
}
