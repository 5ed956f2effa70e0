/** An account, and the address it is written to. */
export interface Addressee {
  id: string;
  username: string;
  email: string;
  emailCanonical: string;
}

export const ADDRESSEE_COLUMNS = { id: true, username: true, email: true, emailCanonical: true } as const;
