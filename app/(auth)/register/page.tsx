import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { redirectIfLoggedIn } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { PASSWORD_MAX_BYTES } from "@/lib/shared/schemas";
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
        rules={{
          passwordMinLength,
          passwordMaxBytes: PASSWORD_MAX_BYTES,
          appName,
        }}
      />
    </AuthCard>
  );
}
