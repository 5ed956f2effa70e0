/** Whom a hash is for. */
export interface Requester {
  /** Where it comes from. One client's requests wait for each other, and clients take turns. */
  client: string;
  /** The account whose password it is about, by its email. */
  account: string;
  /** True for a browser that the account knows or that holds a working link of it. */
  isKnown: boolean;
}

type Of = Pick<Requester, "client" | "account">;

/**
 * Waiting requests, in the order in which they are served: clients take turns, and so do the accounts of one client. However
 * many requests one of them has, they delay its own alone.
 *
 * Slots are limited, and shared by one rule: a client may have as many as are left for the others, and an account half of
 * that. One client fills half of the queue, a second one half of the rest, and no few of them fill it.
 */
export class FairQueue<T> {
  /** The next to be served is the first, of the clients and of a client's accounts. */
  readonly #clients = new Map<string, Map<string, T[]>>();
  readonly #ofClient = new Map<string, number>();
  readonly #ofAccount = new Map<string, number>();
  #reserved = 0;

  constructor(readonly slots: number) {}

  /** Slots in use, by requests that wait and by those still to come. */
  get reserved(): number {
    return this.#reserved;
  }

  /** True when nobody gets a slot. */
  get isFull(): boolean {
    return this.#reserved >= this.slots;
  }

  /** True when this one's client gets no slot. */
  isFullForClient({ client }: Requester): boolean {
    return (this.#ofClient.get(client) ?? 0) >= this.slots - this.#reserved;
  }

  /** True when this one's account gets no slot. */
  isFullForAccount({ account }: Requester): boolean {
    return (this.#ofAccount.get(account) ?? 0) >= (this.slots - this.#reserved) / 2;
  }

  /** Takes a slot for a request that is still to come. */
  reserve(requester: Requester): void {
    this.#count(requester, 1);
  }

  /** Gives up a slot that no request has used. */
  release(requester: Requester): void {
    this.#count(requester, -1);
  }

  /** Adds a request to a slot that was reserved for it. */
  push({ client, account }: Requester, request: T): void {
    const accounts = this.#clients.get(client) ?? new Map<string, T[]>();
    const requests = accounts.get(account) ?? [];
    requests.push(request);
    this.#clients.set(client, accounts.set(account, requests));
  }

  /** Takes a request out that waits no more; its slot stays reserved. */
  remove({ client, account }: Requester, request: T): void {
    const accounts = this.#clients.get(client);
    const requests = accounts?.get(account);
    if (!accounts || !requests?.includes(request)) return;
    requests.splice(requests.indexOf(request), 1);
    if (requests.length === 0) accounts.delete(account);
    if (accounts.size === 0) this.#clients.delete(client);
  }

  /** Takes out the next request that may be served now, with its slot; undefined when there is none. */
  shift(mayBeServed: (of: Of) => boolean): T | undefined {
    for (const [client, accounts] of this.#clients)
      for (const [account, requests] of accounts) {
        if (!mayBeServed({ client, account })) continue;
        const request = requests.shift();
        moveToEnd(accounts, account, requests.length > 0);
        moveToEnd(this.#clients, client, accounts.size > 0);
        this.#count({ client, account }, -1);
        return request;
      }
  }

  #count({ client, account }: Of, change: 1 | -1): void {
    this.#reserved += change;
    add(this.#ofClient, client, change);
    add(this.#ofAccount, account, change);
  }
}

/** Adds to a count; one that is nought takes no memory. */
export function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** Lets all others go first; forgets what has nothing left. */
function moveToEnd<V>(turns: Map<string, V>, key: string, hasMore: boolean): void {
  const value = turns.get(key) as V;
  turns.delete(key);
  if (hasMore) turns.set(key, value);
}
