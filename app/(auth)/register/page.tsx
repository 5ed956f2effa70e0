import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { redirectIfLoggedIn } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { EMAIL_MAX, PASSWORD_MAX_BYTES, USERNAME_MAX, USERNAME_MIN } from "@/lib/shared/schemas";
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
          usernameMin: USERNAME_MIN,
          usernameMax: USERNAME_MAX,
          emailMax: EMAIL_MAX,
          passwordMinLength,
          passwordMaxBytes: PASSWORD_MAX_BYTES,
          appName,
        }}
      />
    </AuthCard>
  );
}
