import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { redirectIfLoggedIn } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { USERNAME_HINT } from "@/lib/shared/schemas";
import { newPasswordRules } from "@/lib/web/new-password";
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
    </AuthCard>
  );
}
