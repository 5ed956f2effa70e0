import "server-only";
import type { NextRequest, NextResponse } from "next/server";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { findSession, type LiveSession } from "../security/sessions";
import { browserOptions, cookieNames, expiredOptions, otherNames, sessionOptions } from "../web/cookies";

/** Cookies looked at, at most: a browser has one for each neighbour on this host, and anyone can send any number. */
const LOOKED_AT_MAX = 4;

/**
 * Finds the session of a browser that has its cookie by a former name: of a release before there were names of
 * installations, or from before the last change of AUTH_SECRET. The request then has it by its present name. A cookie of
 * another installation on this host opens no session here, and stays as it is.
 * @returns what the answer has to do, for the browser to have it by that name too
 */
export async function renameSession({ cookies }: NextRequest): Promise<(answer: NextResponse) => void> {
  const names = cookies.getAll().map(({ name }) => name);
  for (const name of otherNames("session", names).slice(0, LOOKED_AT_MAX)) {
    const token = cookies.get(name)?.value ?? "";
    const session = await lookUp(token);
    if (session === null) continue;
    cookies.set(cookieNames.session(), token);
    if (session === "unknown") break; // the page asks again, and says what is the matter
    const browserName = name.replace(/session$/, "browser");
    const browser = cookies.has(cookieNames.browser()) ? undefined : cookies.get(browserName)?.value;
    if (browser) cookies.set(cookieNames.browser(), browser);
    return (answer) => {
      answer.cookies.set(cookieNames.session(), token, sessionOptions(session));
      if (browser) answer.cookies.set(cookieNames.browser(), browser, browserOptions());
      for (const former of [name, browserName])
        if (names.includes(former)) answer.cookies.set(former, "", expiredOptions());
    };
  }
  return () => {};
}

/** The session of a token; null when there is none here, "unknown" while the database cannot be asked. */
async function lookUp(token: string): Promise<LiveSession | "unknown" | null> {
  try {
    return await findSession(token);
  } catch (error) {
    if (isDatabaseUnavailable(error)) return "unknown";
    throw error;
  }
}
