import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { redirectIfLoggedIn } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { PASSWORD_MAX_BYTES, USERNAME_MAX, USERNAME_MIN } from "@/lib/shared/schemas";
import { RegisterForm } from "./register-form";

export const metadata: Metadata = { title: "Register" };

export default async function RegisterPage() {
  await redirectIfLoggedIn();
  const { passwordMinLength, appName } = env();
  return (
    <AuthCard
      title="Register"
      instead={{ question: "Already have an account?", href: routes.login, label: "Log in" }}
    >
      <RegisterForm
        usernameHint={`${USERNAME_MIN} to ${USERNAME_MAX} letters a–z, digits, dots, dashes or underscores.`}
        rules={{
          passwordMinLength,
          passwordMaxBytes: PASSWORD_MAX_BYTES,
          appName,
        }}
      />
    </AuthCard>
  );
}
