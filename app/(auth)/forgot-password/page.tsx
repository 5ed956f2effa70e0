import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { typedEmail } from "@/lib/web/typed-email";
import { ForgotPasswordForm } from "./forgot-password-form";

export const metadata: Metadata = { title: "Forgot password" };

/** For someone logged in as well: people who are remembered here are the likeliest to forget their password. */
export default async function ForgotPasswordPage() {
  if (!features().mail) notFound();
  return (
    <AuthCard
      title="Forgot password"
      instead={{ question: "Remembered it?", href: routes.login, label: "Log in" }}
    >
      <ForgotPasswordForm email={await typedEmail()} />
    </AuthCard>
  );
}
