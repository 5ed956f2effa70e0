import { useEffect, useRef, useState } from "react";
import type { Strength } from "@/lib/shared/password-strength";
import type { ActionForm } from "./use-action-form";
import { useHydrated } from "./use-hydrated";
import { type StrengthRules, useStrength } from "./use-strength";

type StrengthMeterProps<Name extends string> = {
  form: ActionForm<Name>;
  /** The field that holds the new password. */
  name: Name;
  rules: StrengthRules;
};

/** How strong a new password is, in a bar and in words, while it is being typed. Nothing without a script. */
export function StrengthMeter<Name extends string>(props: StrengthMeterProps<Name>) {
  return useHydrated() ? <LiveMeter {...props} /> : null;
}

/**
 * How long the words must have stood before they are read out, in milliseconds: not one of them for every key, nor that the
 * server is being asked.
 */
const READ_OUT_AFTER_MS = 1500;

const STEPS = [1, 2, 3, 4] as const;

function LiveMeter<Name extends string>({ form, name, rules }: StrengthMeterProps<Name>) {
  const box = useRef<HTMLDivElement>(null);
  const strength = useStrength(box, { name, rules, answer: form.state });
  // Where the field has an error, that is what to read.
  const shown = form.errorOf(name) ? null : strength;
  return (
    <div ref={box} className="relative">
      {shown && <Meter strength={shown} />}
      <p role="status" className="sr-only">
        {useSettled(shown ? `Password strength: ${inWords(shown)}` : "")}
      </p>
    </div>
  );
}

/** For the eye; screen readers read the status beside it. */
function Meter({ strength }: { strength: Strength }) {
  const { level, label, advice } = strength;
  return (
    <div aria-hidden="true" className="mt-2.5 grid gap-1.5" data-strength={level}>
      <div className="grid grid-cols-4 gap-1.5">
        {STEPS.map((step) => (
          <span
            key={step}
            className={`h-1.5 rounded-full border transition-colors ${stepLook(step <= level)}`}
          />
        ))}
      </div>
      <p className="text-muted text-small">
        {/* An element each: a translated page has other text nodes than React's. */}
        <span className="font-semibold text-ink">{`${label}.`}</span> <span>{advice}</span>
      </p>
    </div>
  );
}

// In forced colours a background is taken away unless it is one of theirs.
function stepLook(isFilled: boolean): string {
  return isFilled
    ? "border-brass bg-brass forced-colors:border-[Highlight] forced-colors:bg-[Highlight] forced-colors:forced-color-adjust-none"
    : "border-line bg-wash";
}

function inWords({ label, advice }: Strength): string {
  return `${label}. ${advice ?? ""}`.trim();
}

/** The text once it has stood still for a while. An empty one at once: what is gone need not be waited for. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), text ? READ_OUT_AFTER_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
