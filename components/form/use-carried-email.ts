import { type RefObject, useEffect } from "react";

/** In this tab alone, and until somebody is logged in here. */
const KEY = "latchkey.email";

/**
 * Carries the address from one form that asks for it to the next, and back: what was typed in the field `email` stands in
 * the same field of the next page. The server does the same for what was sent (`lib/web/typed-email.ts`); this is for what
 * was not.
 */
export function useCarriedEmail(form: RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    const field = form.current?.elements.namedItem("email");
    if (!(field instanceof HTMLInputElement)) return;
    const keep = () => sessionStorage.setItem(KEY, field.value);
    if (field.value === "") field.value = sessionStorage.getItem(KEY) ?? "";
    else keep();
    field.addEventListener("input", keep);
    return () => field.removeEventListener("input", keep);
  }, [form]);
}

/** Forgets the address: the next to use this tab may be somebody else. */
export function forgetCarriedEmail(): void {
  sessionStorage.removeItem(KEY);
}
