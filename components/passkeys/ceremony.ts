import type { CreationQuestion, RequestQuestion } from "@/lib/shared/passkeys";

/** What is asked of a passkey, by what the browser does with it. */
export interface Questions {
  create: CreationQuestion;
  get: RequestQuestion;
}

export type Kind = keyof Questions;

/** True where this browser knows passkeys, and is at the address for which they are made. */
export function hasPasskeysAt(origin: string): boolean {
  return window.location.origin === origin && typeof window.PublicKeyCredential === "function";
}

/**
 * Puts a question to the browser's passkeys, and answers what they say, as JSON. One that waits in a field gives way to one
 * that a person asks for.
 * @param isSilent true where the browser is not to ask by a dialog of its own: it offers, or saves, by itself
 * @throws WebAuthnError where nothing came of it
 */
export async function answerOf<K extends Kind>(
  kind: K,
  question: Questions[K],
  isSilent = false,
): Promise<string> {
  const { startAuthentication, startRegistration } = await import("@simplewebauthn/browser");
  const answer =
    kind === "create"
      ? await startRegistration({ optionsJSON: question as CreationQuestion, useAutoRegister: isSilent })
      : await startAuthentication({
          optionsJSON: question as RequestQuestion,
          useBrowserAutofill: isSilent,
          verifyBrowserAutofillInput: false,
        });
  return JSON.stringify(answer);
}

/** Ends the question that waits, if one does. */
export async function stopAsking(): Promise<void> {
  const { WebAuthnAbortService } = await import("@simplewebauthn/browser");
  WebAuthnAbortService.cancelCeremony();
}

const CANCELLED = {
  create: "No passkey was added: that was cancelled, or took too long.",
  get: "No passkey was used: that was cancelled, or took too long.",
};

const TROUBLES = new Map<string, Record<Kind, string>>([
  ["NotAllowedError", CANCELLED],
  ["AbortError", CANCELLED],
  [
    "InvalidStateError",
    {
      create: "This device has a passkey for your account already.",
      get: "This device has no passkey that fits.",
    },
  ],
  [
    "NotSupportedError",
    {
      create: "This device cannot make a passkey that fits. Try another one.",
      get: "This device cannot use that passkey.",
    },
  ],
  [
    "ConstraintError",
    {
      create: "This key cannot keep a passkey, or cannot find out that it is you. Try another one.",
      get: "This key cannot find out that it is you. Try another one.",
    },
  ],
]);

/** One sentence for a question to which no answer came. */
export function troubleOf(error: unknown, kind: Kind): string {
  const trouble = error instanceof Error ? TROUBLES.get(nameOf(error)) : undefined;
  return trouble?.[kind] ?? "That did not work in this browser. Try again, or use another way.";
}

/** The library gives the browser's own name of an error, or wraps it. */
function nameOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.name : error.name;
}

/** Tells the browser, where it listens, that a passkey does not work any more, so that it offers it no more. */
export async function tellUnknown(rpId: string, answer: string): Promise<void> {
  const { id: credentialId } = JSON.parse(answer) as { id: string };
  await globalThis.PublicKeyCredential?.signalUnknownCredential?.({ rpId, credentialId }).catch(() => {});
}
