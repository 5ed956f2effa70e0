"use client";

import { ButtonForm } from "@/components/form/button-form";
import { rememberWish } from "@/components/form/remember-wish";
import type { FormAction } from "@/components/form/use-server-action";
import { Checkbox } from "@/components/ui/checkbox";
import type { OfferedProvider } from "@/lib/shared/connections";

type ProviderFormsProps = {
  providers: OfferedProvider[];
  action: FormAction;
  /** What a button says before the provider's name, such as "Log in with". */
  verb: string;
  /** Hidden fields of each, by name. */
  hidden?: Record<string, string>;
  /** True on a visitors' page, where the wish to be remembered goes along. */
  takesWish?: boolean;
  className?: string;
};

/** A button for each provider, which leads there. Each is a form, so that it works without a script. */
export function ProviderForms({
  providers,
  action,
  verb,
  hidden,
  takesWish = false,
  className = "",
}: ProviderFormsProps) {
  return (
    <div className={`grid gap-3 ${className}`}>
      {providers.map(({ id, label }) => (
        <ButtonForm
          key={id}
          action={action}
          hidden={{ ...hidden, provider: id }}
          more={takesWish ? rememberWish : undefined}
          look="quiet"
          label={`${verb} ${label}`}
          busyLabel={`Opening ${label}…`}
        >
          {takesWish && (
            <noscript>
              <label
                htmlFor={`remember-${id}`}
                className="flex min-h-11 w-fit cursor-pointer items-center gap-2.5"
              >
                <Checkbox id={`remember-${id}`} name="remember" />
                Stay logged in with {label}
              </label>
            </noscript>
          )}
        </ButtonForm>
      ))}
    </div>
  );
}
