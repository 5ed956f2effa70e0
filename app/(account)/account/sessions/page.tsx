import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { LogoutButton } from "@/components/logout-button";
import { Badge } from "@/components/ui/badge";
import { buttonClasses } from "@/components/ui/button";
import { Item, ItemFact, ItemList } from "@/components/ui/item-list";
import { Moment } from "@/components/ui/moment";
import { listBrowsers, listSessions } from "@/lib/accounts/own-sessions";
import { requireSession } from "@/lib/auth";
import { describeBrowser } from "@/lib/platform/user-agent";
import { clientInfo } from "@/lib/web/request";
import { logoutAction } from "../../logout/actions";
import { endSessionAction, forgetBrowserAction } from "./actions";
import { END_OTHERS, EndOthersForm } from "./end-others/end-others";

export const metadata: Metadata = { title: "Sessions" };

export default async function AccountSessionsPage() {
  const session = await requireSession();
  const [sessions, browsers] = await Promise.all([
    listSessions(session),
    listBrowsers(session, await clientInfo()),
  ]);
  return (
    <div className="grid gap-4">
      <AccountSection
        title="Sessions"
        intro="Where you are logged in. A session that you end is over at its next click, and its browser has to log in again."
      >
        <ItemList>
          {sessions.map(({ id, isThis, isRemembered, createdAt, lastSeenAt, ip, userAgent }, index) => (
            <Item
              key={id}
              id={`session-${index + 1}`}
              title={
                <>
                  {describeBrowser(userAgent)} {isThis && <Badge>This device</Badge>}
                </>
              }
              action={
                isThis ? (
                  <div className="relative grid">
                    <LogoutButton action={logoutAction} className={buttonClasses("quiet", "w-full")} />
                  </div>
                ) : (
                  <ButtonForm
                    action={endSessionAction}
                    hidden={{ id }}
                    look="quiet"
                    label="End session"
                    busyLabel="Ending…"
                    describedBy={`session-${index + 1}`}
                  />
                )
              }
            >
              <ItemFact>
                {ip ?? "unknown address"} · {isRemembered ? "remembered" : "not remembered"}
              </ItemFact>
              <ItemFact>
                First seen <Moment at={createdAt} isAgo />, last seen <Moment at={lastSeenAt} isAgo />
              </ItemFact>
            </Item>
          ))}
        </ItemList>
        {sessions.length > 1 && (
          <ConfirmButton {...END_OTHERS} label="End all other sessions" className="mt-2 w-full">
            <EndOthersForm />
          </ConfirmButton>
        )}
      </AccountSection>
      <AccountSection
        id="browsers"
        title="Known browsers"
        intro="Browsers that have logged in to your account before. Being known opens nothing: a known browser need not wait when strangers guess passwords, and its logins are no news. Forget one that is not yours any more, or that is to be asked for a second factor again."
      >
        {browsers.length === 0 ? (
          <p className="mt-6">No browser is known.</p>
        ) : (
          <ItemList>
            {browsers.map(({ id, isThis, createdAt, lastLoginAt, ip, userAgent, trustedUntil }, index) => (
              <Item
                key={id}
                id={`browser-${index + 1}`}
                title={
                  <>
                    {describeBrowser(userAgent)} {isThis && <Badge>This browser</Badge>}
                  </>
                }
                action={
                  <ButtonForm
                    action={forgetBrowserAction}
                    hidden={{ id }}
                    look="quiet"
                    label="Forget"
                    busyLabel="Forgetting…"
                    describedBy={`browser-${index + 1}`}
                  />
                }
              >
                <ItemFact>{ip ?? "unknown address"}</ItemFact>
                <ItemFact>
                  First login <Moment at={createdAt} isAgo />, last login <Moment at={lastLoginAt} isAgo />
                </ItemFact>
                {trustedUntil && (
                  <ItemFact>
                    Not asked for a second factor until <Moment at={trustedUntil} />
                  </ItemFact>
                )}
              </Item>
            ))}
          </ItemList>
        )}
      </AccountSection>
    </div>
  );
}
