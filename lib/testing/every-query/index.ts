import type { Mailbox } from "../mail-sink";

const AREAS = await Promise.all([
  import("./registration"),
  import("./login"),
  import("./two-factor"),
  import("./passkeys"),
  import("./connections"),
  import("./account"),
  import("./emailed-links"),
  import("./leaving"),
  import("./operator"),
  import("./mail"),
  import("./forms-and-work"),
  import("./clean-up"), // the last: it loads the app anew, under other settings
]);

/** Whatever the app asks its database, done once, an area each; with the server that takes the emails. */
export const WALKS: ((mailbox: Mailbox) => Promise<void>)[] = AREAS.map(({ walk }) => walk);
