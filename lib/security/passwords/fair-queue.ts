/** Whom a job is for. */
export interface Requester {
  /** Where it comes from: one client's jobs wait for each other, and clients take turns. */
  client: string;
  /** The account whose password it is about; null: none that exists yet. */
  account: string | null;
  /** True for a browser that the account knows. */
  isKnown: boolean;
}

/** How many places there are, and how many of them one client, or one account, may hold. */
export interface Places {
  all: number;
  ofClient: number;
  ofAccount: number;
}

type Account = Requester["account"];

/**
 * Waiting jobs in the order in which they are to be done: clients take turns, and so do the accounts of one client. However
 * many jobs one of them has, they delay its own alone. A place may be held for a job that is still to come.
 */
export class FairQueue<T> {
  /** The next in turn is the first, of the clients and of a client's accounts. */
  readonly #clients = new Map<string, Map<Account, T[]>>();
  readonly #held = { all: 0, byClient: new Map<string, number>(), byAccount: new Map<string, number>() };

  constructor(readonly places: Places) {}

  /** Places held, by jobs that wait and by those still to come. */
  get held(): number {
    return this.#held.all;
  }

  /** True when nobody gets a place. */
  get isFull(): boolean {
    return this.held >= this.places.all;
  }

  /** True when this one gets no place. */
  isFullFor({ client, account }: Requester): boolean {
    const { byClient, byAccount } = this.#held;
    const isAccountFull = account !== null && (byAccount.get(account) ?? 0) >= this.places.ofAccount;
    return this.isFull || isAccountFull || (byClient.get(client) ?? 0) >= this.places.ofClient;
  }

  /** Holds a place for a job that is still to come. */
  hold(requester: Requester): void {
    this.#count(requester, 1);
  }

  /** Gives back a place that was held. */
  release(requester: Requester): void {
    this.#count(requester, -1);
  }

  /** Adds a job, which holds a place until it is taken out. */
  push(requester: Requester, job: T): void {
    const { client, account } = requester;
    const accounts = this.#clients.get(client) ?? new Map<Account, T[]>();
    const jobs = accounts.get(account) ?? [];
    jobs.push(job);
    this.#clients.set(client, accounts.set(account, jobs));
    this.hold(requester);
  }

  /** Takes out the next job of an account that may have one more in work; undefined when there is none. */
  shift(mayHaveMore: (account: Account) => boolean): T | undefined {
    for (const [client, accounts] of this.#clients)
      for (const [account, jobs] of accounts) {
        if (!mayHaveMore(account)) continue;
        const job = jobs.shift();
        toTheEnd(accounts, account, jobs.length > 0);
        toTheEnd(this.#clients, client, accounts.size > 0);
        this.#count({ client, account }, -1);
        return job;
      }
  }

  #count({ client, account }: Pick<Requester, "client" | "account">, change: 1 | -1): void {
    this.#held.all += change;
    add(this.#held.byClient, client, change);
    if (account !== null) add(this.#held.byAccount, account, change);
  }
}

/** Adds to a count; one that is nought takes no memory. */
export function add<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** Lets all others have their turn first; forgets what has nothing left. */
function toTheEnd<K, V>(turns: Map<K, V>, key: K, hasMore: boolean): void {
  const value = turns.get(key) as V;
  turns.delete(key);
  if (hasMore) turns.set(key, value);
}
