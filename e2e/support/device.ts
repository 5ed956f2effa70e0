import { expect, type Page } from "playwright/test";

/** Presses a button that asks for a passkey, once its script runs: before, it can only say so. */
export async function pressOnceReady(page: Page, name: string): Promise<void> {
  const button = page.getByRole("main").getByRole("button", { name, exact: true });
  const isReady = (element: Element) => Object.keys(element).some((key) => key.startsWith("__reactProps"));
  await expect.poll(() => button.evaluate(isReady)).toBe(true);
  await button.click();
}

interface DeviceOptions {
  transport?: "internal" | "usb";
  /** False for an old key, which keeps no passkey. */
  hasResidentKey?: boolean;
}

/** A device of Chromium's own making that has passkeys, and whose person touches it at once and shows who they are. */
export async function newDevice(
  page: Page,
  { transport = "internal", hasResidentKey = true }: DeviceOptions = {},
) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport,
      hasResidentKey,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const touch = (enabled: boolean) =>
    devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
  return {
    /** Its person does nothing, whatever they are asked. */
    ignore: () => touch(false),
    obey: () => touch(true),
    /** Whether its person can show who they are. */
    verify: (isUserVerified: boolean) =>
      devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    unplug: () => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
    /** How many passkeys it lists. */
    async passkeys(): Promise<number> {
      const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
      return credentials.length;
    },
    /** Puts a copy of its passkey in the place of it, from before it was used. */
    async countBack(): Promise<void> {
      const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
      for (const credential of credentials) {
        const { credentialId } = credential;
        await devtools.send("WebAuthn.removeCredential", { authenticatorId, credentialId });
        await devtools.send("WebAuthn.addCredential", {
          authenticatorId,
          credential: { ...credential, signCount: 0 },
        });
      }
    },
  };
}
