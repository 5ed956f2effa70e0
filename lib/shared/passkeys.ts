import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";
import { MINUTE_MS } from "./units";

/** What a browser is asked: a value for its own `navigator.credentials`. */
export type CreationQuestion = PublicKeyCredentialCreationOptionsJSON;
export type RequestQuestion = PublicKeyCredentialRequestOptionsJSON;

/** What a script gets that wants to ask a passkey: the question, or the page to go to first. Null: there is nothing to ask. */
export type AskAnswer<Question> = { question: Question } | { goTo: string } | null;

/** How long a challenge waits for its answer, in milliseconds. A person looks for a key and touches it meanwhile. */
export const CHALLENGE_MS = 5 * MINUTE_MS;

/** Passkeys of one account for one host, at most. */
export const PASSKEYS_MAX = 20;

/** Longest name of one, in characters (code points). */
export const PASSKEY_NAME_MAX = 50;

/** The field in which a form has a passkey's answer, as JSON. */
export const PASSKEY_FIELD = "passkey";

/** Where the login page's script asks for a question, and the header in which it names the secret of its page. */
export const QUESTION_PATH = "/api/passkey-question";
export const PAGE_HEADER = "page-secret";

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * True where browsers know passkeys: over https, or on this machine, and by a name (WebAuthn §5.1.3: an address cannot be a
 * relying party's id).
 */
export function hasPasskeys({ protocol, hostname }: URL): boolean {
  if (IPV4.test(hostname) || hostname.startsWith("[")) return false;
  return protocol === "https:" || hostname === "localhost" || hostname.endsWith(".localhost");
}
