"use client";

import type { MouseEvent } from "react";
import { CheckboxField } from "@/components/form/checkbox-field";
import { EmailField } from "@/components/form/email-field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { TextLink } from "@/components/ui/text-link";
import { keepEmailAction, loginAction } from "./actions";

const loadSchema = () => import("@/lib/shared/schemas").then(({ loginSchema }) => loginSchema);

type LoginFormProps = {
  /** Where the form begins: the address typed before; empty for none. */
  email: string;
  /** The page to go to afterwards, a path on this site. */
  callbackUrl: string;
  /** Null where the app sends no email. */
  forgotPasswordPath: string | null;
};

/** Follows the link once the server has the address that was typed, for the form there and for the way back. */
async function carryEmail(event: MouseEvent<HTMLAnchorElement>): Promise<void> {
  const { href } = event.currentTarget;
  const form = event.currentTarget.closest("form");
  const typed = new FormData(form ?? undefined).get("email");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!isPlain || typeof typed !== "string" || typed === "") return;
  event.preventDefault();
  const kept = new FormData();
  kept.set("email", typed);
  await keepEmailAction(kept).catch(() => {}); // the link is worth more
  window.location.assign(href);
}

export function LoginForm({ email, callbackUrl, forgotPasswordPath }: LoginFormProps) {
  const { form, formProps } = useActionForm(loginAction, loadSchema);
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      <EmailField form={form} name="email" label="Email" initialValue={email} autoComplete="username" />
      <PasswordField
        form={form}
        name="password"
        label="Password"
        autoComplete="current-password"
        enterKeyHint="go"
        autoFocus={email !== "" && form.state.status === "idle"}
      />
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <CheckboxField form={form} name="remember" label="Remember me" />
        {forgotPasswordPath && (
          <TextLink
            href={forgotPasswordPath}
            onClick={carryEmail}
            className="inline-flex min-h-11 items-center text-small"
          >
            Forgot password?
          </TextLink>
        )}
      </div>
      <SubmitButton form={form} busyLabel="Logging in…">
        Log in
      </SubmitButton>
    </Form>
  );
}
