import { useCallback, useState } from "react";
import { EyeIcon, EyeOffIcon } from "@/components/ui/icons";
import { Field, type FieldProps } from "./field";
import { useHydrated } from "./use-hydrated";

type PasswordFieldProps<Name extends string> = Omit<FieldProps<Name>, "type" | "aside"> & {
  /** Tells a password manager whether to generate one or to fill one in. */
  autoComplete: "new-password" | "current-password";
  /** Most characters a password manager may generate; the fewest are `minLength`. */
  generatorMaxLength?: number;
};

/**
 * Tells password managers what to generate (https://developer.apple.com/password-rules/). It does not bind people who type,
 * who may use all of Unicode. Generated passwords stay ASCII, where a character is a byte, so the longest still fits.
 */
function generatorRules(minLength: number | undefined, maxLength: number | undefined) {
  if (minLength === undefined || maxLength === undefined) return {};
  return { passwordrules: `minlength: ${minLength}; maxlength: ${maxLength}; allowed: ascii-printable;` };
}

/** Beside an empty field in which something had been typed. */
const TYPE_AGAIN = "Please type it again: we never send a password back.";

/** A password, and with a script a button to look at it. It hides again on submit, so no shown password is left behind. */
export function PasswordField<Name extends string>({
  label,
  hint,
  generatorMaxLength,
  ...props
}: PasswordFieldProps<Name>) {
  const [isShown, setIsShown] = useState(false);
  const isHydrated = useHydrated();

  const hideOnSubmit = useCallback(({ form }: HTMLButtonElement) => {
    const hide = () => setIsShown(false);
    form?.addEventListener("submit", hide);
    return () => form?.removeEventListener("submit", hide);
  }, []);

  return (
    <Field
      label={label}
      hint={[props.form.isRedrawn && TYPE_AGAIN, hint].filter(Boolean).join(" ")}
      type={isShown ? "text" : "password"}
      aside={
        isHydrated && (
          <button
            ref={hideOnSubmit}
            type="button"
            onClick={() => setIsShown(!isShown)}
            className="-my-3 -mr-2 col-start-2 row-start-1 flex min-h-11 cursor-pointer items-center gap-1.5 rounded-control px-2 text-muted text-small transition-colors hover:text-ink"
          >
            {isShown ? <EyeOffIcon width="18" height="18" /> : <EyeIcon width="18" height="18" />}
            <span>
              {isShown ? "Hide" : "Show"}
              <span className="sr-only"> {label.toLowerCase()}</span>
            </span>
          </button>
        )
      }
      {...generatorRules(props.minLength, generatorMaxLength)}
      {...props}
    />
  );
}
