import { z } from "zod";
import { plainForm } from "./email-address";
import { DISPLAY_NAME_MAX } from "./limits";
import { usernameFor } from "./schemas";

/** What a display name cannot have: control characters, halves of characters, and what stands for one that was lost. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFFFD]/u;

/**
 * A name in any script: without what shows nothing or turns the direction of writing, and with one space where there were
 * several. It may be empty.
 * @param missing what is said where none was sent
 * @param max how long it may be, in characters
 */
export function shownName(missing: string, max: number) {
  return z
    .string(missing)
    .overwrite((text) => plainForm(text).replace(/\s+/g, " "))
    .refine((text) => [...text].length <= max, { abort: true, error: `Use at most ${max} characters.` })
    .refine((text) => !NOT_IN_NAMES.test(text), "That name has a character that cannot be shown.");
}

/** The name somebody is greeted by. Empty: none. */
export const displayNameSchema = z.object({
  displayName: shownName("Type a name, or leave the field empty.", DISPLAY_NAME_MAX),
});

/**
 * The form that changes the username, with the rules of registration.
 * @param appName what the site is called; no username may be that
 */
export function changeUsernameSchemaFor(appName: string) {
  return z.object({ username: usernameFor(appName) });
}

export type ChangeUsernameInput = z.output<ReturnType<typeof changeUsernameSchemaFor>>;
export type DisplayNameInput = z.output<typeof displayNameSchema>;
