import { useEffect, useRef, useState } from "react";
import { WarningIcon } from "@/components/ui/icons";
import type { Strength } from "@/lib/shared/password-strength";
import type { ActionForm } from "./use-action-form";
import { type StrengthRules, useStrength } from "./use-strength";

type StrengthMeterProps<Name extends string> = {
  /** Of the words, for the field to be described by. */
  id: string;
  /** What to know before typing. It stands where the words come. */
  hint: string;
  /** Called with true where the password will not be taken, and with false where that is over. */
  onVerdict: (isRefused: boolean) => void;
  form: ActionForm<Name>;
  /** The field that holds the new password. */
  name: Name;
  rules: StrengthRules;
};

/**
 * How long the words must have stood before they are read out, in milliseconds: not one of them for every key, nor that the
 * server is being asked.
 */
const READ_OUT_AFTER_MS = 1500;

const REFUSED: Strength["label"] = "Not accepted";

const STEPS = [1, 2, 3, 4] as const;

/**
 * What a new password needs, and while it is being typed how strong it is, in a bar and in
 * words. Without a script the hint alone.
 */
export function StrengthMeter<Name extends string>({
  id,
  hint,
  form,
  name,
  rules,
  onVerdict,
}: StrengthMeterProps<Name>) {
  const box = useRef<HTMLDivElement>(null);
  const strength = useStrength(box, { name, rules, answer: form.state });
  // Where the field has an error, that is what to read.
  const shown = form.errorOf(name) ? null : strength;
  const isRefused = shown?.label === REFUSED;
  useEffect(() => onVerdict(isRefused), [isRefused, onVerdict]);
  return (
    <div ref={box} className="relative">
      <Meter id={id} hint={hint} strength={shown} />
      <p role="status" className="sr-only">
        {useSettled(shown ? `Password strength: ${inWords(shown)}` : "")}
      </p>
    </div>
  );
}

/** For the eye; screen readers read the status beside it. Its room is there before its words, so that nothing jumps. */
function Meter({ id, hint, strength }: { id: string; hint: string; strength: Strength | null }) {
  const isRefused = strength?.label === REFUSED;
  return (
    <div className="mt-2 grid gap-1.5" data-strength={strength?.level}>
      <div aria-hidden="true" className="grid grid-cols-4 gap-1.5 noscript:hidden">
        {STEPS.map((step) => (
          <span
            key={step}
            className={`h-1.5 rounded-full border transition-colors ${stepLook(step <= (strength?.level ?? 0))}`}
          />
        ))}
      </div>
      <p
        id={id}
        aria-hidden={strength !== null || undefined}
        className="flex min-h-[4lh] gap-1.5 text-muted text-small snug:min-h-[3lh]"
      >
        {isRefused && <WarningIcon width="18" height="18" className="mt-px shrink-0 text-danger" />}
        {/* An element for each text: a translated page has other text nodes than React's. */}
        {strength ? (
          <span>
            <span
              className={`font-semibold ${isRefused ? "text-danger" : "text-ink"}`}
            >{`${strength.label}.`}</span>{" "}
            <span>{strength.label === "Too short" ? hint : strength.advice}</span>
          </span>
        ) : (
          <span>{hint}</span>
        )}
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
