/** The wish to be remembered, of the form with the password, for the other ways to log in on its page. */
export function rememberWish(): Record<string, string> {
  const box = document.querySelector<HTMLInputElement>("input[type=checkbox][name=remember]");
  return box?.checked ? { remember: "on" } : {};
}
