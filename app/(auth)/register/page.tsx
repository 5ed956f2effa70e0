import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { ProviderForms } from "@/components/connections/provider-forms";
import { offeredProviders } from "@/lib/accounts/connections/own-connections";
import { redirectIfLoggedIn } from "@/lib/auth";
import { newPasswordRules } from "@/lib/auth/new-password";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { USERNAME_HINT } from "@/lib/shared/schemas";
import { providerLoginAction } from "../login/provider-actions";
import { RegisterForm } from "./register-form";

export const metadata: Metadata = { title: "Register" };

export default async function RegisterPage() {
  await redirectIfLoggedIn();
  return (
    <AuthCard
      title="Register"
      instead={{ question: "Already have an account?", href: routes.login, label: "Log in" }}
    >
      <RegisterForm usernameHint={USERNAME_HINT} rules={newPasswordRules()} />
      {features().connections && (
        <ProviderForms
          providers={offeredProviders()}
          action={providerLoginAction}
          verb="Register with"
          hidden={{ callbackUrl: routes.home }}
          takesWish
          className="mt-3"
        />
      )}
    </AuthCard>
  );
}
