import { createHash, createPrivateKey, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import { db } from "../platform/db";
import { env } from "../platform/env";
import { askForNew, askForProof, readRegistration, verifyNew } from "../security/passkeys/ceremony";
import { newChallenge } from "../security/passkeys/challenges";
import { handleOf, keepPasskey } from "../security/passkeys/passkeys";
import type { Member } from "./person";

/** The flags of an authenticator's data (WebAuthn §6.1). */
const FLAGS = { touched: 1, verified: 4, eligible: 8, backedUp: 16, hasKey: 64 } as const;

interface Question {
  challenge: string;
  rp?: { id?: string };
  rpId?: string;
  user?: { id: string };
}

/** How an answer differs from a right one. */
interface Manner {
  origin?: string;
  rpId?: string;
  isVerified?: boolean;
  isTouched?: boolean;
  isEligible?: boolean;
  userHandle?: string | null;
  crossOrigin?: boolean;
  challenge?: string;
}

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest();

/**
 * A pair of keys on P-256, the public one as x and y. It is read from the encoded pair: Node 20 hangs for good where it collects
 * the job that made a key while that key is exported as a JWK, because both want one lock.
 */
function newKeys() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  });
  return {
    privateKey: createPrivateKey({ key: privateKey, type: "pkcs8", format: "der" }),
    publicPoint: publicKey.subarray(-64), // which that encoding ends with
  };
}

/** An authenticator with one passkey, in software: what a browser would send of it. @param origin the site's own */
export class Authenticator {
  readonly id: string;
  /** How often it was used; 0 for good where it does not count. */
  counter = 0;
  counts = false;
  readonly #origin: string;
  readonly #keys;
  #handle = "";

  constructor(
    origin: string,
    { id, keys } = {
      id: base64url(randomBytes(32)),
      keys: newKeys(),
    },
  ) {
    this.#origin = origin;
    this.id = id;
    this.#keys = keys;
  }

  /** A copy that counts from where this one stands. */
  copy(): Authenticator {
    const copy = new Authenticator(this.#origin, { id: this.id, keys: this.#keys });
    copy.#handle = this.#handle;
    return Object.assign(copy, { counter: this.counter, counts: this.counts });
  }

  /** Answers the question for a new passkey. */
  create(question: Question, manner: Manner = {}): string {
    this.#handle = question.user?.id ?? "";
    const key = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(this.#keys.publicPoint.subarray(0, 32))],
      [-3, new Uint8Array(this.#keys.publicPoint.subarray(32))],
    ]);
    const id = Buffer.from(this.id, "base64url");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#data(question.rp?.id ?? "", manner, FLAGS.hasKey),
      Buffer.alloc(16),
      length,
      id,
      isoCBOR.encode(key as Parameters<typeof isoCBOR.encode>[0]),
    ]);
    const attestation = new Map<string, unknown>([
      ["fmt", "none"],
      ["attStmt", new Map()],
      ["authData", new Uint8Array(authData)],
    ]);
    return this.#answer({
      clientDataJSON: this.#clientData("webauthn.create", question, manner),
      attestationObject: base64url(isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0])),
      transports: ["internal", "hybrid"],
    });
  }

  /** Answers the question for a passkey there is. */
  get(question: Question, manner: Manner = {}): string {
    if (this.counts) this.counter += 1;
    const data = this.#data(question.rpId ?? "", manner);
    const clientDataJSON = this.#clientData("webauthn.get", question, manner);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, "base64url"))]);
    return this.#answer({
      clientDataJSON,
      authenticatorData: base64url(data),
      signature: base64url(createSign("SHA256").update(signed).sign(this.#keys.privateKey)),
      ...(manner.userHandle !== null && { userHandle: manner.userHandle ?? this.#handle }),
    });
  }

  #answer(response: object): string {
    return JSON.stringify({
      id: this.id,
      rawId: this.id,
      type: "public-key",
      response,
      clientExtensionResults: {},
    });
  }

  #clientData(type: string, question: Question, { origin, challenge, crossOrigin = false }: Manner): string {
    const data = {
      type,
      challenge: challenge ?? question.challenge,
      origin: origin ?? this.#origin,
      crossOrigin,
    };
    return base64url(Buffer.from(JSON.stringify(data)));
  }

  #data(
    rpId: string,
    { rpId: other, isVerified = true, isTouched = true, isEligible = true }: Manner,
    more = 0,
  ): Buffer {
    const flags =
      (isTouched ? FLAGS.touched : 0) |
      (isVerified ? FLAGS.verified : 0) |
      (isEligible ? FLAGS.eligible | FLAGS.backedUp : 0) |
      more;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(other ?? rpId), Buffer.from([flags]), counter]);
  }
}

/** Gives an account a passkey, past the pages and the alerts. @param createdAt when */
export async function passkeyOf(person: Pick<Member, "id" | "email" | "username">, createdAt = new Date()) {
  const { id: userId, email, username } = person;
  const authenticator = new Authenticator(env().publicUrl.origin);
  const page = "the secret of a page";
  const challenge = newChallenge({ purpose: "add", subject: userId });
  const question = await askForNew(challenge, { handle: await handleOf(userId), email, username }, []);
  const made = readRegistration(authenticator.create(question));
  const verified = made && (await verifyNew(made, question.challenge, false));
  if (!verified) throw new Error("no passkey was made");
  await db.$transaction((tx) => keepPasskey(userId, "A passkey", verified, tx));
  const { credentialId } = verified;
  const { id } = await db.passkey.update({
    where: { credentialId },
    data: { createdAt },
    select: { id: true },
  });
  return {
    page,
    authenticator,
    passkey: { id, formerCounter: 0n },
    /** The answer to a new question for a login. */
    async answer(): Promise<string> {
      return authenticator.get(await askForProof(newChallenge({ purpose: "log-in", subject: page })));
    },
  };
}
