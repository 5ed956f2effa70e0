import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Provider, { type Context } from "oidc-provider";

/** What the provider says of somebody, beside their name there, which is the subject. */
export interface Claims {
  email?: string;
  email_verified?: boolean;
  name?: string;
  preferred_username?: string;
}

/** How it fails: it says nothing, or answers 503. */
type Failure = "silent" | "unavailable";

const DISCOVERY = "/.well-known/openid-configuration";

type IdToken = Record<string, unknown>;

const CLIENT_ID = "latchkey-stories";
export const CLIENT_SECRET = "a secret of the stories, which no log may have";

/** A real identity provider on this machine. People log in at its page by their name alone. */
export class IdentityProvider {
  issuer = "";
  /** Null: it works. */
  failure: Failure | null = null;
  /** Changes the ID tokens that it gives out; null: they are as they should be. */
  forge: ((claims: IdToken) => IdToken) | null = null;
  readonly #people = new Map<string, Claims>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #provider: Provider | null = null;

  /** Makes somebody known to it. Answers their name there. */
  admit(claims: Claims = {}): string {
    const name = `person-${randomUUID().slice(0, 8)}`;
    this.#people.set(name, claims);
    return name;
  }

  /** What the app is started with to know it, under this name. */
  settings(name = "ACME", more: Record<string, string> = {}): Record<string, string> {
    const own = { ISSUER: this.issuer, CLIENT_ID, CLIENT_SECRET, LABEL: "Acme ID", ...more };
    return Object.fromEntries(Object.entries(own).map(([part, value]) => [`OIDC_${name}_${part}`, value]));
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#provider = new Provider(this.issuer, this.#configuration());
    // The ports of the apps are not known before they run.
    this.#provider.Client.prototype.redirectUriAllowed = (uri) =>
      /^http:\/\/localhost:\d+\/api\/auth\/callback\/[a-z]+$/.test(uri);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #configuration(): object {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    // Read anew: the key of the job that made it can hang Node 20, see `passkeys.ts`.
    const jwk = {
      ...createPrivateKey(privateKey).export({ format: "jwk" }),
      alg: "RS256",
      use: "sig",
      kid: "stories",
    };
    const people = this.#people;
    const provider = () => this.#provider as Provider;
    return {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: ["http://localhost:1/api/auth/callback/acme"],
          token_endpoint_auth_method: "client_secret_basic",
        },
      ],
      jwks: { keys: [jwk] },
      cookies: { keys: [randomUUID()] },
      features: { devInteractions: { enabled: false } },
      claims: { email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
      pkce: { required: () => true },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      ttl: { Session: 3600, Grant: 3600, Interaction: 3600, IdToken: 600, AccessToken: 600 },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...people.get(id) }),
      }),
      /** Nobody is asked whether the app may know them: they were when they logged in. */
      async loadExistingGrant({ oidc }: Context) {
        const grant = new (provider().Grant)({
          clientId: oidc.client.clientId,
          accountId: oidc.session.accountId,
        });
        grant.addOIDCScope("openid email profile");
        await grant.save();
        return grant;
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.failure === "silent") return;
    if (this.failure === "unavailable") return void response.writeHead(503).end("unavailable");
    if (!this.#provider) return void response.writeHead(404).end();
    // It calls itself by another name there than the settings do.
    if (request.url === `/other${DISCOVERY}`) request.url = DISCOVERY;
    const isInteraction = /^\/interaction\/[\w-]+$/.test(request.url ?? "");
    if (isInteraction) return this.#logIn(request, response, this.#provider);
    if (this.forge && request.url === "/token") this.#forgeIn(response, this.forge);
    return this.#provider.callback()(request, response);
  }

  async #logIn(request: IncomingMessage, response: ServerResponse, provider: Provider): Promise<void> {
    if (request.method !== "POST") {
      response.writeHead(200, { "content-type": "text/html" }).end(LOGIN_PAGE);
      return;
    }
    const form = new URLSearchParams(await text(request));
    const name = form.get("name") ?? "";
    const isKnown = form.get("does") === "log-in" && this.#people.has(name);
    const result = isKnown
      ? { login: { accountId: name } }
      : { error: "access_denied", error_description: "The person said no." };
    await provider.interactionFinished(request, response, result);
  }

  /** Its signature does not fit then; the checks before that are what a story is about. */
  #forgeIn(response: ServerResponse, forge: (claims: IdToken) => IdToken): void {
    const end = response.end.bind(response);
    response.end = ((body?: unknown) => {
      const answer = JSON.parse(String(body ?? "{}")) as { id_token?: string };
      const [head, claims = "", signature] = (answer.id_token ?? "").split(".");
      if (claims !== "") {
        const forged = forge(JSON.parse(Buffer.from(claims, "base64url").toString()) as IdToken);
        const payload = Buffer.from(JSON.stringify(forged)).toString("base64url");
        answer.id_token = [head, payload, signature].join(".");
      }
      const json = JSON.stringify(answer);
      response.setHeader("content-length", Buffer.byteLength(json));
      return end(json);
    }) as typeof response.end;
  }
}

const LOGIN_PAGE = `<!doctype html><html lang="en"><title>Acme ID</title><form method="post">
<label>Name at Acme <input name="name"></label>
<button name="does" value="log-in">Log in at Acme</button>
<button name="does" value="cancel">Cancel at Acme</button>
</form></html>`;
