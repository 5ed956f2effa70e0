import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { ProviderForms } from "@/components/connections/provider-forms";
import { offeredProviders } from "@/lib/accounts/connections/own-connections";
import { redirectIfLoggedIn } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { returnPath, routes } from "@/lib/shared/routes";
import { typedEmail } from "@/lib/web/typed-email";
import { LoginForm } from "./login-form";
import { PasskeyLogin } from "./passkey-login";
import { providerLoginAction } from "./provider-actions";

export const metadata: Metadata = { title: "Log in" };

type LoginPageProps = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

export default async function LoginPage({ searchParams }: LoginPageProps) {
  await redirectIfLoggedIn();
  const { callbackUrl } = await searchParams;
  return (
    <AuthCard
      title="Log in"
      instead={{ question: "Need an account?", href: routes.register, label: "Register" }}
    >
      <LoginForm
        email={await typedEmail()}
        callbackUrl={returnPath(callbackUrl)}
        forgotPasswordPath={features().mail ? routes.forgotPassword : null}
      />
      {features().passkeys && <PasskeyLogin callbackUrl={returnPath(callbackUrl)} />}
      {features().connections && (
        <ProviderForms
          providers={offeredProviders()}
          action={providerLoginAction}
          verb="Log in with"
          hidden={{ callbackUrl: returnPath(callbackUrl) }}
          takesWish
          className="mt-3"
        />
      )}
    </AuthCard>
  );
}
