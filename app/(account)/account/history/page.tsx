import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { Item, ItemFact, ItemList } from "@/components/ui/item-list";
import { Moment } from "@/components/ui/moment";
import { TextLink } from "@/components/ui/text-link";
import { readHistory } from "@/lib/accounts/history";
import { describeEvent, describeProof } from "@/lib/accounts/history-words";
import { requireUser } from "@/lib/auth";
import { describeBrowser } from "@/lib/platform/user-agent";
import { routes } from "@/lib/shared/routes";

export const metadata: Metadata = { title: "History" };

/** The cursor of a page, in its address. */
const BEFORE = "before";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function AccountHistoryPage({ searchParams }: Props) {
  const user = await requireUser();
  const { entries, isFirst, older } = await readHistory(user.id, (await searchParams)[BEFORE]);
  return (
    <AccountSection
      title="History"
      intro="What happened to your account in the last 365 days, the newest first. Times are in UTC."
    >
      <p className="mt-4 flex flex-wrap gap-x-6 gap-y-2">
        <TextLink href={routes.accountNotMe}>This wasn’t me</TextLink>
        <TextLink href={routes.accountHistoryCsv}>Download as CSV</TextLink>
      </p>
      {entries.length === 0 ? (
        <p className="mt-6">{isFirst ? "Nothing has happened yet." : "Nothing older is kept."}</p>
      ) : (
        <ItemList>
          {entries.map(({ id, event, at, count, isMore, ip, userAgent, how }) => (
            <Item key={id} title={describeEvent(event, count, isMore)}>
              <ItemFact>
                {(count > 1 || isMore) && "The last one: "}
                <Moment at={at} />
              </ItemFact>
              {describeProof(how) && <ItemFact>{describeProof(how)}</ItemFact>}
              {(ip !== null || userAgent !== null) && (
                <ItemFact>
                  {describeBrowser(userAgent)} · {ip ?? "unknown address"}
                </ItemFact>
              )}
            </Item>
          ))}
        </ItemList>
      )}
      {(!isFirst || older !== null) && (
        <nav aria-label="Pages of the history" className="mt-4 flex justify-between gap-4">
          {!isFirst && <TextLink href={routes.accountHistory}>Newest</TextLink>}
          {older !== null && (
            <TextLink
              href={`${routes.accountHistory}?${new URLSearchParams({ [BEFORE]: older })}`}
              rel="next"
              className="ml-auto"
            >
              Older
            </TextLink>
          )}
        </nav>
      )}
    </AccountSection>
  );
}
