import "server-only";
import { cookies } from "next/headers";
import { hasTokenShape, newToken } from "../platform/crypto/token";
import { logError } from "../platform/log";
import {
  dropFormsOfOthers,
  isAnyFormKept,
  type KeptForm,
  keepForm,
  takeKeptForm,
} from "../security/kept-forms";
import { consumeKeptForm } from "../security/rate-limits/visitor-limits";
import { typedValues } from "../shared/action-state";
import { KEPT_FORM_MAX_BYTES } from "../shared/limits";
import { FORM_FIELD, PAGE_FIELDS } from "../shared/page-fields";
import { pageToReturnTo } from "../shared/routes";
import { cookieNames, expiredOptions, keptOptions } from "../web/cookies";
import { clientInfo, isPageShown, requestedPath } from "../web/request";
import { setCookie } from "../web/set-cookie";
import { readerIn, readersOf } from "./page-marks";

/**
 * Keeps what was typed into a form until its person has logged in again in this browser and opens its page: no password, no
 * file, and nothing of a page that was made for nobody, so that no stranger fills in a form for somebody else. For actions
 * and routes.
 * @param path of its page, with the query
 */
export async function keepTyped(form: FormData, path: string): Promise<void> {
  const [name, reader] = [form.get(FORM_FIELD), readerIn(form.get(PAGE_FIELDS.reader))];
  const page = pageToReturnTo(path);
  if (typeof name !== "string" || reader === null || page === null) return;
  const kept: KeptForm = { page, form: name, values: typedValues(form) };
  const isAnyTyped = Object.values(kept.values).some((value) => value.trim() !== "");
  if (!isAnyTyped || Buffer.byteLength(JSON.stringify(kept)) > KEPT_FORM_MAX_BYTES) return;
  if ((await consumeKeptForm(reader, await clientInfo())) !== null) return;
  const former = await readToken();
  const token = former !== null && (await isAnyFormKept(former)) ? former : newToken();
  await keepForm(token, reader, kept);
  await setCookie(cookieNames.kept(), token, keptOptions());
}

/**
 * What was typed into the page that is being made, by the person it is made for, in this browser and before they logged in
 * again. Once; null where nothing is kept. What is kept for somebody else is deleted.
 */
export async function takeTyped(user: { id: string }): Promise<KeptForm | null> {
  const token = (await isPageShown()) ? await readToken() : null;
  if (token === null) return null;
  const page = pageToReturnTo(await requestedPath());
  try {
    if ((await dropFormsOfOthers(token, readersOf(user))) === 0 || page === null) return null;
    return await takeKeptForm(token, page, readersOf(user));
  } catch (error) {
    logError(error); // the page is worth more
    return null;
  }
}

/** Deletes what other people have typed in this browser: somebody has logged in there. For actions and routes. */
export async function dropTypedOfOthers(user: { id: string }): Promise<void> {
  await dropTyped(readersOf(user));
}

/** Deletes what anybody has typed in this browser: an account has become another person's, by the same id. For actions. */
export async function dropAllTyped(): Promise<void> {
  await dropTyped([]);
}

async function dropTyped(staying: readonly string[]): Promise<void> {
  const token = await readToken();
  if (token === null) return;
  const left = await dropFormsOfOthers(token, staying);
  if (left === 0) await setCookie(cookieNames.kept(), "", expiredOptions());
}

async function readToken(): Promise<string | null> {
  const token = (await cookies()).get(cookieNames.kept())?.value ?? "";
  return hasTokenShape(token) ? token : null;
}
