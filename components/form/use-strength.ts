import { type RefObject, useEffect, useState } from "react";
import type { Strength } from "@/lib/shared/password-strength";

/** How long after a key the meter looks, in milliseconds: less than a pause, more than the next key. */
const LOOK_AFTER_MS = 150;

/** How long after a key the server is asked, in milliseconds: once for a password, and not for each beginning of it. */
const ASK_AFTER_MS = 1000;

/** What the judge has to know of the configuration. */
export type StrengthRules = Parameters<MakeStrengthJudge>[0];

type MakeStrengthJudge = typeof import("@/lib/shared/password-strength").makeStrengthJudge;

/** Until the server has said whether the password is on its list: it may refuse it, so it is not called good. */
const CHECKING: Strength = { level: 0, label: "Checking", advice: null };

/** The server did not say, and will look again when the form is sent. */
const UNKNOWN: Strength = { level: 0, label: "Not measured", advice: null };

/**
 * How strong the password in a form is while it is being typed, or null while there is nothing to say. The judge comes
 * when the field is first used; where it cannot be loaded there is no meter, and the server judges alone. Nothing is called
 * good that the server might refuse: it is asked about every password that the judge would fill the bar for.
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
    let looking = new AbortController();

    const typedIn = (field: string) => String(new FormData(form).get(field) ?? "");
    async function look() {
      const { signal } = looking;
      const meter =
        typedIn(name) === "" ? null : await loadMeter({ passwordMinLength, appName }).catch(() => null);
      if (signal.aborted) return;
      const password = typedIn(name); // as it is now: loading took its time
      if (!meter || password === "") return setStrength(null);
      const strength = meter.judge(password, { username: typedIn("username"), email: typedIn("email") });
      if (strength.level === 0) return setStrength(strength);
      setStrength(CHECKING);
      timer = setTimeout(async () => {
        const isCommon = await meter.askWhetherCommon(password);
        if (signal.aborted) return;
        setStrength(isCommon === null ? UNKNOWN : isCommon ? meter.LISTED : strength);
      }, ASK_AFTER_MS - LOOK_AFTER_MS);
    }
    function stop() {
      clearTimeout(timer);
      looking.abort();
    }
    function lookSoon() {
      stop();
      looking = new AbortController();
      setStrength((shown) => (shown && shown.level > 0 ? CHECKING : shown)); // it was said of another password
      timer = setTimeout(look, LOOK_AFTER_MS);
    }
    function prepare({ target }: FocusEvent) {
      if (target instanceof HTMLInputElement && target.name === name)
        void loadMeter({ passwordMinLength, appName }).catch(() => null);
    }

    form.addEventListener("input", lookSoon);
    form.addEventListener("focusin", prepare);
    void look(); // typed before the script ran, or gone with the answer
    return () => {
      stop();
      form.removeEventListener("input", lookSoon);
      form.removeEventListener("focusin", prepare);
    };
  }, [inside, name, passwordMinLength, appName, answer]);

  return strength;
}

type Meter = Awaited<ReturnType<typeof makeMeter>>;

let loading: Promise<Meter> | undefined;

/** Kept for as long as the page is open, unless it failed: the next try may have a connection. The rules never change. */
function loadMeter(rules: StrengthRules): Promise<Meter> {
  if (loading) return loading;
  const meter = makeMeter(rules);
  loading = meter;
  meter.catch(() => {
    loading = undefined;
  });
  return meter;
}

/** Both imports bring the schemas along, which the page's own script is spared. */
async function makeMeter(rules: StrengthRules) {
  const [{ makeStrengthJudge, LISTED }, { askWhetherCommon }] = await Promise.all([
    import("@/lib/shared/password-strength"),
    import("./ask-common"),
  ]);
  return { judge: await makeStrengthJudge(rules), askWhetherCommon, LISTED };
}
