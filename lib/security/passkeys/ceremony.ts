import "server-only";
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { decodeAttestationObject, isoBase64URL, isoCBOR } from "@simplewebauthn/server/helpers";
import { z } from "zod";
import { env } from "../../platform/env";
import { CHALLENGE_MS, type CreationQuestion, type RequestQuestion } from "../../shared/passkeys";
import type { ListedPasskey, NewPasskey, StoredPasskey } from "./passkeys";
import { relyingParty } from "./relying-party";

/** Text in base64url, of at most so many characters. */
const base64url = (max: number) => z.base64url().min(1).max(max);

/** Longest id of a passkey, in characters: 1023 bytes (WebAuthn §4, Credential ID). */
const id = base64url(1364);

/** Longest part of an answer, in characters: a few hundred are usual. */
const part = base64url(8192);

const type = z.literal("public-key");

const registrationSchema = z.object({
  id,
  rawId: id,
  type,
  response: z.object({
    clientDataJSON: part,
    attestationObject: part,
    transports: z.array(z.string().max(20)).max(10).optional(),
  }),
});

const assertionSchema = z.object({
  id,
  rawId: id,
  type,
  response: z.object({
    clientDataJSON: part,
    authenticatorData: part,
    signature: part,
    userHandle: base64url(88).nullish(),
  }),
});

type Registration = z.output<typeof registrationSchema>;
export type Assertion = z.output<typeof assertionSchema>;

/** Null for what no browser sends. */
export function readRegistration(json: unknown): Registration | null {
  return readAnswer(registrationSchema, json);
}

export function readAssertion(json: unknown): Assertion | null {
  return readAnswer(assertionSchema, json);
}

function readAnswer<Answer>(schema: z.ZodType<Answer>, json: unknown): Answer | null {
  if (typeof json !== "string") return null;
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

const clientDataSchema = z.object({ challenge: base64url(128), crossOrigin: z.boolean().optional() });

/** The challenge that an answer is to; null where it names none, or was given within a page of another site. */
export function challengeIn({ response }: Registration | Assertion): string | null {
  try {
    const data = clientDataSchema.parse(JSON.parse(isoBase64URL.toUTF8String(response.clientDataJSON)));
    return data.crossOrigin ? null : data.challenge;
  } catch {
    return null;
  }
}

/** How a question names a passkey that there is. */
type Described = Pick<ListedPasskey, "credentialId" | "transports">;

/** Asks for a new passkey: one that names its account itself, and asks its person for more than a touch. */
export function askForNew(
  challenge: Uint8Array<ArrayBuffer>,
  user: { handle: string; email: string; username: string },
  known: Described[],
): Promise<CreationQuestion> {
  return generateRegistrationOptions({
    rpName: env().appName,
    rpID: relyingParty().id,
    userID: isoBase64URL.toBuffer(user.handle),
    userName: user.email,
    userDisplayName: user.username,
    challenge,
    timeout: CHALLENGE_MS,
    attestationType: "none",
    excludeCredentials: known.map(described),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/**
 * Asks for a passkey there is, with its person verified.
 * @param known those that may answer; none named: any that the browser has for this site
 */
export function askForProof(
  challenge: Uint8Array<ArrayBuffer>,
  known: Described[] = [],
): Promise<RequestQuestion> {
  return generateAuthenticationOptions({
    rpID: relyingParty().id,
    challenge,
    timeout: CHALLENGE_MS,
    userVerification: "required",
    allowCredentials: known.map(described),
  });
}

function described({ credentialId, transports }: Described) {
  return { id: credentialId, transports: transports.split(",").filter((name) => name !== "") };
}

/**
 * Checks a new passkey, to a challenge that was found good.
 * @param isOffered true where the browser made it without a dialog: then nobody may have touched anything (WebAuthn §5.1.3).
 *   Each login with it asks for verification all the same
 * @returns null for a wrong one
 */
export async function verifyNew(
  { id, rawId, type, response }: Registration,
  challenge: string,
  isOffered: boolean,
): Promise<NewPasskey | null> {
  const { id: rpId, origin } = relyingParty();
  const transports = response.transports ?? [];
  try {
    const attestationObject = withoutStatement(response.attestationObject);
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON: response.clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserPresence: !isOffered,
      requireUserVerification: !isOffered,
    });
    if (!registrationInfo || registrationInfo.credential.id !== id) return null;
    const { credential, aaguid, credentialDeviceType, credentialBackedUp } = registrationInfo;
    return {
      credentialId: id,
      publicKey: isoBase64URL.fromBuffer(credential.publicKey),
      counter: credential.counter,
      transports: transports.filter((name) => /^[a-z-]+$/.test(name)).join(","),
      aaguid,
      isBackupEligible: credentialDeviceType === "multiDevice",
      isBackedUp: credentialBackedUp,
      rpId,
    };
  } catch {
    return null; // the library throws what does not fit
  }
}

/**
 * The same without what its maker says of it. Nothing here asks for that, and to check it the library would ask addresses
 * that anybody can write into a certificate.
 */
function withoutStatement(attestationObject: string): string {
  const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get("authData");
  const plain = new Map<string, unknown>([
    ["fmt", "none"],
    ["attStmt", new Map()],
    ["authData", authData],
  ]);
  return isoBase64URL.fromBuffer(isoCBOR.encode(plain as Parameters<typeof isoCBOR.encode>[0]));
}

/** What a passkey has shown. */
export interface Shown {
  /** Its count; 0: it has none. */
  counter: number;
  isBackedUp: boolean;
}

/**
 * Checks the answer of a passkey, to a challenge that was found good. Its count is for the caller to compare.
 * @returns null for a wrong one, or one that has not verified its person
 */
export async function verifyProof(
  { id, rawId, type, response }: Assertion,
  challenge: string,
  stored: Pick<StoredPasskey, "publicKey" | "isBackupEligible">,
): Promise<Shown | null> {
  const { id: rpId, origin } = relyingParty();
  const { clientDataJSON, authenticatorData, signature } = response;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: { id, publicKey: isoBase64URL.toBuffer(stored.publicKey), counter: 0 },
    });
    const isEligible = authenticationInfo.credentialDeviceType === "multiDevice";
    // What it is never changes (WebAuthn §7.2, step 18).
    if (!verified || isEligible !== stored.isBackupEligible) return null;
    return { counter: authenticationInfo.newCounter, isBackedUp: authenticationInfo.credentialBackedUp };
  } catch {
    return null;
  }
}
