/**
 * What a person logs in with, for password managers, in a form that asks for a password and not for that. Nothing to see and
 * nothing to send. Without it they take another field for the login name (https://www.chromium.org/developers/design-documents/form-styles-that-chromium-understands/).
 */
export function LoginName({ email }: { email: string }) {
  return <input type="text" autoComplete="username" value={email} readOnly hidden />;
}
