import { type RefObject, useEffect, useState } from "react";
import type { Strength, StrengthJudge } from "@/lib/shared/password-strength";

/** How long after a key the meter looks, in milliseconds: less than a pause, more than the next key. */
const LOOK_AFTER_MS = 150;

/** What the judge has to know of the configuration. */
export type StrengthRules = Parameters<MakeStrengthJudge>[0];

type MakeStrengthJudge = typeof import("@/lib/shared/password-strength").makeStrengthJudge;

/**
 * How strong the password in a form is while it is being typed, or null while there is nothing to say. The judge comes
 * when the field is first used; where it cannot be loaded there is no meter, and the server judges alone.
 *
 * @param inside anything in the form
 * @param name the password's field; beside it the form's `username` and `email` are looked at, as far as it has them
 * @param answer what the server last said: after an answer the field may have been emptied
 */
export function useStrength(
  inside: RefObject<HTMLElement | null>,
  { name, rules, answer }: { name: string; rules: StrengthRules; answer: unknown },
): Strength | null {
  const [strength, setStrength] = useState<Strength | null>(null);
  const { passwordMinLength, appName } = rules;

  // biome-ignore lint/correctness/useExhaustiveDependencies: every answer is a reason to look again
  useEffect(() => {
    const form = inside.current?.closest("form");
    if (!form) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;

    const typedIn = (field: string) => String(new FormData(form).get(field) ?? "");
    async function look() {
      const judge =
        typedIn(name) === "" ? null : await loadJudge({ passwordMinLength, appName }).catch(() => null);
      if (isOver) return;
      const password = typedIn(name); // as it is now: loading took its time
      const context = { username: typedIn("username"), email: typedIn("email") };
      setStrength(judge && password !== "" ? judge(password, context) : null);
    }
    function lookSoon() {
      clearTimeout(timer);
      timer = setTimeout(look, LOOK_AFTER_MS);
    }
    function prepare({ target }: FocusEvent) {
      if (target instanceof HTMLInputElement && target.name === name)
        void loadJudge({ passwordMinLength, appName }).catch(() => null);
    }

    form.addEventListener("input", lookSoon);
    form.addEventListener("focusin", prepare);
    void look(); // typed before the script ran, or gone with the answer
    return () => {
      isOver = true;
      clearTimeout(timer);
      form.removeEventListener("input", lookSoon);
      form.removeEventListener("focusin", prepare);
    };
  }, [inside, name, passwordMinLength, appName, answer]);

  return strength;
}

let loading: Promise<StrengthJudge> | undefined;

/** Kept for as long as the page is open, unless it failed: the next try may have a connection. The rules never change. */
function loadJudge(rules: StrengthRules): Promise<StrengthJudge> {
  if (loading) return loading;
  const judge = import("@/lib/shared/password-strength").then(({ makeStrengthJudge }) =>
    makeStrengthJudge(rules),
  );
  loading = judge;
  judge.catch(() => {
    loading = undefined;
  });
  return judge;
}
