import { IdentityProvider } from "../lib/testing/identity-provider";
import {
  announced,
  cookieIn,
  expect,
  expectFieldError,
  field,
  fillIn,
  newStranger,
  press,
  SESSION_COOKIE,
  testWithMail,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { answerOf } from "./support/provider-visit";
import type { AppServer } from "./support/server";
import { textOf, Visitor } from "./support/visitor";

/** The app with two names for one provider: "Acme ID", and "Corp", whose word on an address counts. */
const test = testWithMail.extend<{ server: AppServer }, { provider: IdentityProvider }>({
  provider: [
    async ({ databaseKind: _ }, use) => {
      const provider = new IdentityProvider();
      await provider.start();
      await use(provider);
      await provider.stop();
    },
    { scope: "worker" },
  ],
  server: ({ sharedServer, mailbox, provider }, use) => {
    const corp = provider.settings("CORP", { LABEL: "Corp", TRUST_EMAIL: "true" });
    return sharedServer({ ...mailbox.settings, ...provider.settings(), ...corp }).then(use);
  },
  providerOrigin: ({ provider }, use) => use(provider.issuer),
});

test("someone comes by way of a provider, chooses a username, comes back, sets a password, disconnects and connects again @no-js @servers", async ({
  page,
  context,
  provider,
  mailbox,
  registered,
  javaScriptEnabled,
}) => {
  const look = async () => javaScriptEnabled !== false && expectNoBarriers(page);
  const { username, email } = newStranger();
  const taken = await registered();
  const name = provider.admit({ email, email_verified: true, preferred_username: taken.username });
  const policy = (await page.goto("/account/history"))?.headers()["content-security-policy"];
  expect(policy).toContain(`form-action 'self' ${provider.issuer};`);
  await look();
  await page.getByLabel(javaScriptEnabled === false ? "Stay logged in with Acme ID" : "Remember me").check();
  await press(page, "Log in with Acme ID");
  await page.getByLabel("Name at Acme").fill(name);
  await page.getByRole("button", { name: "Log in at Acme" }).click();

  await expect(page).toHaveTitle("Choose a username · Latchkey");
  await look();
  await expect(field(page, "Email"), "its word on the address does not count").toHaveValue(email);
  await expect(field(page, "Username")).toHaveValue(taken.username);
  await press(page, "Register");
  await expectFieldError(page, "Username", "That username is taken. Please choose a different one.");
  await fillIn(page, { Username: username });
  await press(page, "Register");
  await expect(page).toHaveURL("/account/history");
  await expect(announced(page, "status", "Your account has been created!")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("with your account at Acme ID");
  expect((await cookieIn(context, SESSION_COOKIE))?.expires, "remembered").toBeGreaterThan(0);
  await mailbox.latest(email, "verify-email");

  await page.getByRole("button", { name: "Log out" }).first().click();
  await page.goto("/login?callbackUrl=%2Faccount%2Fconnections");
  await press(page, "Log in with Acme ID"); // where they are logged in still
  await expect(page).toHaveURL("/account/connections");
  await expect(page.getByRole("main")).toContainText("Acme ID");
  await look();
  const disconnect = async () => {
    await page.getByRole("main").getByRole("link", { name: "Disconnect" }).click();
    await press(page, "Disconnect it");
  };
  await disconnect();
  await expect(announced(page, "alert", "This is the only way into your account.")).toBeVisible();
  await page.goto("/account/password");
  await fillIn(page, {
    "New password": "open-sesame of a newcomer",
    "Confirm password": "open-sesame of a newcomer",
  });
  await press(page, "Set password");
  await expect(announced(page, "status", "Your account has a password now")).toBeVisible();
  await page.goto("/account/connections");
  await disconnect();
  await expect(announced(page, "status", "Your account is disconnected.")).toBeVisible();
  await press(page, "Connect Corp");
  await expect(announced(page, "status", "Your account is connected.")).toBeVisible();
  await press(page, "Connect Acme ID");
  await expect(announced(page, "status", "Your account is connected.")).toBeVisible();
});

void [answerOf, textOf, Visitor];
