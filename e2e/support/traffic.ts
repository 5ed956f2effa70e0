import { setTimeout as delay } from "node:timers/promises";
import { type Answer, Visitor } from "./visitor";

/** What a page names of the build: its scripts and its styles. */
const FILES = /_next\/static\/[\w./~-]+/g;

/** The usual pace: without it the visits would take a core from the stories beside this one. */
const PACE_MS = 500;

/** Visits that go on until they are stopped. */
export interface Traffic {
  /** Resolves when so many more pages have been seen whole. */
  seen(pages: number): Promise<void>;
  /** Ends it, and answers what went wrong: statuses from 400 on, and requests without an answer. */
  stop(): Promise<string[]>;
}

/**
 * Opens pages with all their files, one after another, and asks the servers in turn as a proxy in front of them would: one that
 * does not listen is passed over (nginx's `proxy_next_upstream error`), and a page's files come from whoever is next.
 * @param paceMs between two pages, in milliseconds
 */
export function startTraffic(origins: string[], paths: string[], paceMs = PACE_MS): Traffic {
  const [trouble, waiting] = [new Set<string>(), new Set<{ at: number; resolve: () => void }>()];
  let [turn, pages, isOver] = [0, 0, false];

  async function ask(path: string): Promise<Answer | null> {
    const first = turn++;
    for (const [index] of origins.entries()) {
      const origin = origins[(first + index) % origins.length] ?? "";
      try {
        const answer = await new Visitor(origin).get(path);
        if (answer.status >= 400) trouble.add(`${answer.status} for ${path} at ${origin}`);
        return answer;
      } catch (error) {
        if (!String(error).includes("ECONNREFUSED")) trouble.add(`${error} for ${path} at ${origin}`);
      }
    }
    trouble.add(`no server for ${path}`);
    return null;
  }

  async function visit(): Promise<void> {
    while (!isOver)
      for (const path of paths) {
        const page = await ask(path);
        for (const file of new Set(page?.body.match(FILES))) await ask(`/${file}`);
        pages += 1;
        await delay(paceMs);
        for (const wait of waiting)
          if (pages >= wait.at) {
            waiting.delete(wait);
            wait.resolve();
          }
      }
  }

  const visits = visit();
  return {
    seen: (more) => new Promise((resolve) => waiting.add({ at: pages + more, resolve })),
    async stop() {
      isOver = true;
      await visits;
      return [...trouble];
    },
  };
}
