import { type TypedValues, typedValues } from "../shared/action-state";
import { ACTION_HEADER } from "./internal-headers";
import { knownActions } from "./known-actions";

/** As Next names an action. Anything else no build has made. */
const ACTION_ID = /^[0-9a-f]{42}$/;

/** More than a person types into a form, in characters of JSON: what is longer is not given back. */
const TYPED_MAX = 16_384;

/** The same anywhere in a body. */
const ACTION_IDS = /(?<![0-9a-f])[0-9a-f]{42}(?![0-9a-f])/g;

/** The names that forms have for actions. */
type Names = Pick<ReadonlySet<string>, "has">;

type Sent = Pick<Request, "method" | "headers" | "arrayBuffer">;

/** True for a question that a script asks of an action which this build does not have. */
export function asksOutdatedAction({ method, headers }: Sent, known: Names | null = knownActions()): boolean {
  return method === "POST" && known !== null && isOutdated(headers.get(ACTION_HEADER), known);
}

/**
 * What was typed into a form, sent without a script, whose action this build does not have: its page was opened before an
 * upgrade that took the action away. Null for every other request.
 */
export async function readOutdatedForm(
  sent: Sent,
  known: Names | null = knownActions(),
): Promise<TypedValues | null> {
  if (known === null || !isPlainForm(sent)) return null;
  const sentBody = await sent.arrayBuffer().catch(() => null);
  if (sentBody === null) return null; // broken off
  const body = Buffer.from(sentBody);
  // Most have no action that is gone, and to see that takes less than to read the form, which Next is about to do again.
  if (
    !body
      .toString("latin1")
      .match(ACTION_IDS)
      ?.some((id) => isOutdated(id, known))
  )
    return null;
  const type = sent.headers.get("content-type") ?? "";
  const form = await new Response(body, { headers: { "content-type": type } }).formData().catch(() => null);
  if (form === null || !actionsIn(form).some((id) => isOutdated(id, known))) return null;
  const values = typedValues(form);
  return JSON.stringify(values).length <= TYPED_MAX ? values : {};
}

/**
 * Whether this build has the action of a form that was sent without a script; null for every other request. Leaves the body
 * to be read again.
 */
export async function findFormAction(
  sent: Pick<Request, "method" | "headers" | "clone">,
  known: Names | null = knownActions(),
): Promise<"here" | "gone" | null> {
  if (!isPlainForm(sent)) return null;
  const form = await sent
    .clone()
    .formData()
    .catch(() => null);
  const actions = form === null ? [] : actionsIn(form);
  if (actions.length === 0) return null;
  return known !== null && actions.some((id) => isOutdated(id, known)) ? "gone" : "here";
}

function isPlainForm({ method, headers }: Pick<Sent, "method" | "headers">): boolean {
  const isMultipart = headers.get("content-type")?.toLowerCase().startsWith("multipart/form-data") ?? false;
  return method === "POST" && isMultipart && !headers.has(ACTION_HEADER);
}

function isOutdated(id: string | null, known: Names): boolean {
  return id !== null && ACTION_ID.test(id) && !known.has(id);
}

/** React writes an action into a form by its name alone, or with the values that are bound to it. */
function actionsIn(form: FormData): string[] {
  return [...form].flatMap(([name, value]) => {
    if (name.startsWith("$ACTION_ID_")) return [name.slice("$ACTION_ID_".length)];
    const [, id] = /^\$ACTION_\w+:0$/.test(name) ? (/^\{"id":"([^"]*)"/.exec(String(value)) ?? []) : [];
    return id === undefined ? [] : [id];
  });
}
