import { randomInt } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { CookieJar, shortName } from "./cookie-jar";
import { noteSecret } from "./secrets";

/** An answer as it came over the wire: no redirect followed, nothing hidden. */
export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The whole `Set-Cookie` lines. */
  setCookies: string[];
  /** Where it redirects to, resolved as a browser would; null when it does not. */
  location: string | null;
  body: string;
}

/** How long to wait for an answer, in milliseconds: fifty hashes on a machine that has other work take their time. */
const PATIENCE_MS = 180_000;

/** How a visitor gets to the site. */
export interface Way {
  /** The certificate to trust, over https. */
  ca?: string;
  /** Where the visitor comes from, for who sees the connection itself: an IPv4 address of this machine. */
  localAddress?: string;
}

interface Options extends Way {
  /** The path as it is, where a URL would be put in order first. */
  path?: string;
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  body?: Buffer | string;
}

/** More redirects than any page here needs: a browser gives up at twenty. */
const REDIRECTS_MAX = 5;

/** What goes into the fields of a form. */
export type Values = Record<string, string | undefined>;

interface Press {
  /** Names the button, where no field tells the forms of a page apart. */
  button?: string;
  /** Fields that the form does not have. */
  extra?: Record<string, string>;
  headers?: http.OutgoingHttpHeaders;
}

/** The whole lines in which an answer sets this cookie, called without its installation. */
export function linesFor({ setCookies }: Answer, name: string): string[] {
  return setCookies.filter((line) => shortName(line).startsWith(`${name}=`));
}

/** One request on a connection of its own, with exactly these headers, also those a browser or `fetch` would not let through. */
export function send(url: string, { body, ...options }: Options = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const from = options.localAddress === undefined ? {} : { family: 4 };
    const outgoing = request(url, { ...options, ...from, agent: false, timeout: PATIENCE_MS }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("error", reject);
      incoming.once("end", () => {
        const { location } = incoming.headers;
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          setCookies: incoming.headers["set-cookie"] ?? [],
          location: location === undefined ? null : new URL(location, url).href,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    outgoing.once("timeout", () =>
      outgoing.destroy(new Error(`no answer from ${url} in ${PATIENCE_MS / 1000} s`)),
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

/** An address that is new in this run, of the network set aside for tests (RFC 2544), so that limits are met one by one. */
export function newAddress(): string {
  return `198.${18 + randomInt(2)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/**
 * A browser without a window: keeps cookies, reads a form as it stands in the page and sends it as a browser without
 * JavaScript does. `headers` go with every request.
 */
export class Visitor {
  readonly cookies: CookieJar;

  private readonly headers: http.OutgoingHttpHeaders;

  constructor(
    readonly origin: string,
    headers: http.OutgoingHttpHeaders = {},
    private readonly way: Way = {},
  ) {
    this.cookies = new CookieJar(origin);
    this.headers = { "x-forwarded-for": newAddress(), ...headers };
  }

  async request(path: string, options: Options = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(cookie && { cookie }), ...this.headers, ...options.headers };
    const answer = await send(this.origin + path, { ...this.way, ...options, headers });
    for (const line of answer.setCookies) this.#keep(line);
    return answer;
  }

  get(path: string, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.request(path, { headers });
  }

  /** Follows a link to the page it ends at, as a browser does: through every redirect on this site. */
  async follow(link: string): Promise<OpenPage> {
    let path = link.replace(this.origin, "");
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
      const page = await this.get(path);
      if (!page.location?.startsWith(`${this.origin}/`)) return { path, page };
      path = page.location.slice(this.origin.length);
    }
    throw new Error(`${link} leads round and round`);
  }

  /** Opens `path`, fills in the form there that has these fields, and sends it. */
  async submit(path: string, values: Values, press: Press = {}): Promise<Answer> {
    const opened = await this.follow(path);
    return this.send(opened.path, opened.page, values, press);
  }

  /** Sends the form of a page already open. A value of undefined leaves its field out altogether. */
  async send(
    path: string,
    page: Answer,
    values: Values,
    { button = "", extra = {}, headers = {} }: Press = {},
  ): Promise<Answer> {
    const form = readForms(page.body).find(
      ({ fields, html }) => html.includes(button) && Object.keys(values).every((name) => fields.has(name)),
    );
    if (!form) throw new Error(`no form with ${Object.keys(values)} at ${path} (${page.status})`);
    for (const secret of [values.password, values.confirmation]) noteSecret(secret ?? "");
    const data = new FormData();
    for (const [name, value] of Object.entries({ ...Object.fromEntries(form.fields), ...values, ...extra }))
      if (value !== null && value !== undefined) data.append(name, value);
    const { body, type } = await encode(data);
    const target = new URL(form.action || path, this.origin);
    return this.request(target.pathname + target.search, {
      method: form.method,
      body,
      headers: {
        "content-type": type,
        origin: this.headers.origin ?? this.origin,
        "sec-fetch-site": "same-origin",
        ...headers,
      },
    });
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(/;\s*/);
    const [name, value] = splitOnce(pair, "=");
    const isOver = attributes.some((attribute) => {
      const [key, setting] = splitOnce(attribute, "=");
      if (key.toLowerCase() === "max-age") return Number(setting) <= 0;
      return key.toLowerCase() === "expires" && Date.parse(setting) <= Date.now();
    });
    if (isOver || value === "") this.cookies.delete(name);
    else this.cookies.set(name, value);
    for (const part of value.split("%7C")) noteSecret(part); // next-auth's token against forgery stands before its hash
  }
}

/** A page as a visitor has it open. */
export interface OpenPage {
  path: string;
  page: Answer;
}

interface Form {
  action: string;
  method: string;
  html: string;
  /** What would be sent as it stands; null for a box not ticked. */
  fields: Map<string, string | null>;
}

/** The forms of a page, as the server drew them. */
export function readForms(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = "", inside = ""]) => {
    const form = readAttributes(head);
    const fields = new Map<string, string | null>();
    for (const [, tag = ""] of inside.matchAll(/<input\b([^>]*)>/g)) {
      const { name, value = "", type, checked } = readAttributes(tag);
      if (name) fields.set(name, type === "checkbox" && checked === undefined ? null : value);
    }
    return { action: form.action ?? "", method: (form.method ?? "get").toUpperCase(), html: inside, fields };
  });
}

function readAttributes(tag: string): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  for (const [, name = "", value = ""] of tag.matchAll(/([^\s="/]+)(?:="([^"]*)")?/g))
    found[name.toLowerCase()] = decodeEntities(value);
  return found;
}

/** The text of a page as a reader without a stylesheet meets it, scripts left out. */
export function textOf(html: string): string {
  const visible = html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/g, " ").replace(/<[^>]*>/g, " ");
  return decodeEntities(visible).replace(/\s+/g, " ").trim();
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

async function encode(data: FormData): Promise<{ body: Buffer; type: string }> {
  const encoded = new Response(data);
  return { body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get("content-type") ?? "" };
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
