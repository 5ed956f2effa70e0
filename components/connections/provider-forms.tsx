"use client";

import { type FormEvent, startTransition } from "react";
import { ButtonForm } from "@/components/form/button-form";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
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
  className?: string;
};

/** A button for each provider, which leads there. Each is a form, so that it works without a script. */
export function ProviderForms({ providers, action, verb, hidden, className = "" }: ProviderFormsProps) {
  return (
    <div className={`grid gap-3 ${className}`}>
      {providers.map(({ id, label }) => (
        <ButtonForm
          key={id}
          action={action}
          hidden={{ ...hidden, provider: id }}
          look="quiet"
          label={`${verb} ${label}`}
          busyLabel={`Opening ${label}…`}
        />
      ))}
    </div>
  );
}

/** The same on a visitors' page, where the wish to be remembered goes along: that of the form with the password. */
export function ProviderLogins({
  providers,
  action,
  verb,
  callbackUrl,
}: Omit<ProviderFormsProps, "hidden" | "className"> & { callbackUrl: string }) {
  return (
    <div className="mt-3 grid gap-3">
      {providers.map((provider) => (
        <ProviderLogin key={provider.id} {...{ ...provider, action, verb, callbackUrl }} />
      ))}
    </div>
  );
}

type ProviderLoginProps = OfferedProvider & { action: FormAction; verb: string; callbackUrl: string };

function ProviderLogin({ id, label, action, verb, callbackUrl }: ProviderLoginProps) {
  const { form, formProps } = useActionForm(action);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (form.isBusy) return;
    const fields = new FormData(event.currentTarget);
    const wish = document.querySelector<HTMLInputElement>("input[type=checkbox][name=remember]");
    if (wish?.checked) fields.set("remember", "on");
    startTransition(() => formProps.action(fields));
  }

  return (
    <Form {...formProps} onSubmit={submit} className="grid gap-3">
      <FormMessage form={form} />
      <input type="hidden" name="provider" value={id} />
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      <noscript>
        <label htmlFor={`remember-${id}`} className="flex min-h-11 w-fit cursor-pointer items-center gap-2.5">
          <Checkbox id={`remember-${id}`} name="remember" />
          Stay logged in with {label}
        </label>
      </noscript>
      <SubmitButton form={form} look="quiet" busyLabel={`Opening ${label}…`}>
        {`${verb} ${label}`}
      </SubmitButton>
    </Form>
  );
}
