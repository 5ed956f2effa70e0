import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ProviderSettings } from "../settings/providers";
import { asItCallsItself, fetchOf, isAddressOf } from "./ask-provider";

const servers: Server[] = [];

async function providerThat(answers: RequestListener): Promise<ProviderSettings> {
  const server = createServer(answers).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { clientId: "c", clientSecret: "s", trustsEmail: false };
  return { id: issuer, kind: "oidc", label: "Acme", issuer, ...client };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

describe("fetchOf", () => {
  it("waits no longer than it may, and names what it waited for in words alone", async () => {
    const silent = await providerThat(() => {});
    const slow = await providerThat((_, response) => void response.writeHead(200).write("a part"));
    for (const provider of [silent, slow])
      await expect(fetchOf(provider, 100)(`${provider.issuer}/token?code=secret`)).rejects.toMatchObject({
        name: "ProviderDownError",
        message: "no answer in time",
      });
  });

  it("takes an answer of 5xx or 429, and a closed port, for a provider that is down", async () => {
    for (const status of [500, 503, 429]) {
      const provider = await providerThat((_, response) => void response.writeHead(status).end());
      await expect(fetchOf(provider)(`${provider.issuer}/me`)).rejects.toThrow(`it answers ${status}`);
    }
    const provider = await providerThat(() => {});
    servers.at(-1)?.close();
    await expect(fetchOf(provider)(`${provider.issuer}/me`)).rejects.toMatchObject({
      name: "ProviderDownError",
    });
  });

  it("reads no answer without end, follows no redirect, and asks nothing without https elsewhere", async () => {
    const endless = await providerThat((_, response) => void response.end("x".repeat(300 * 1024)));
    await expect(fetchOf(endless)(`${endless.issuer}/me`)).rejects.toMatchObject({
      name: "ProviderAnswerError",
    });
    const leading = await providerThat((_, response) =>
      response.writeHead(302, { location: "https://evil.example" }).end(),
    );
    expect((await fetchOf(leading)(`${leading.issuer}/me`)).status).toBe(302);
    await expect(fetchOf(leading)("http://id.acme.example/token")).rejects.toThrow("without https");
    const remote = { issuer: "https://id.acme.example" };
    expect(isAddressOf(remote, new URL("http://127.0.0.1/token")), "not from outside to this machine").toBe(
      false,
    );
    expect(isAddressOf(remote, new URL("https://login.acme.example/token"))).toBe(true);
  });

  it("asks once what a provider says about itself, and again where that was not its own word", async () => {
    let asked = 0;
    let issuer = "https://somebody.example";
    const provider = await providerThat((_, response) => {
      asked++;
      response.end(JSON.stringify({ issuer, authorization_endpoint: `${provider.issuer}/auth` }));
    });
    const read = () => fetchOf(provider)(`${provider.issuer}/.well-known/openid-configuration`);
    await read();
    issuer = provider.issuer;
    await Promise.all([read(), read(), read()]);
    expect(await (await read()).json()).toMatchObject({ issuer });
    expect(asked).toBe(2);
  });

  it("spells an issuer as its provider does, whether or not the setting has its slash", async () => {
    let said = "";
    const provider = await providerThat((request, response) => {
      const authorization_endpoint = `${provider.issuer}/auth`;
      if (request.url === "/realms/eu/.well-known/openid-configuration")
        response.end(JSON.stringify({ issuer: said, authorization_endpoint }));
      else response.writeHead(404).end();
    });
    said = `${provider.issuer}/realms/eu/`;
    for (const issuer of [said, said.slice(0, -1), `${provider.issuer.toUpperCase()}/realms/eu`])
      expect((await asItCallsItself({ ...provider, id: issuer, issuer })).issuer).toBe(said);
    const other = { ...provider, id: "other", issuer: `${provider.issuer}/realms/us` };
    await expect(asItCallsItself(other)).rejects.toThrow("404");
  });
});

describe("authorizationOrigins", () => {
  it("names where a provider's pages are, once it has said so, and until then where it is itself", async () => {
    const provider = await providerThat((_, response) => {
      const { issuer } = provider;
      const elsewhere = issuer.replace("127.0.0.1", "localhost");
      response.end(JSON.stringify({ issuer, authorization_endpoint: `${elsewhere}/auth` }));
    });
    const { issuer } = provider;
    vi.stubEnv("OIDC_SPLIT_ISSUER", issuer);
    vi.stubEnv("OIDC_SPLIT_CLIENT_ID", "c");
    vi.stubEnv("OIDC_SPLIT_CLIENT_SECRET", "s");
    vi.stubEnv("GITHUB_CLIENT_ID", "c");
    vi.stubEnv("GITHUB_CLIENT_SECRET", "s");
    vi.resetModules();
    const { authorizationOrigins } = await import("./ask-provider");
    expect(authorizationOrigins()).toEqual(["https://github.com", issuer]);
    await fetchOf({ ...provider, id: "split" })(`${issuer}/.well-known/openid-configuration`);
    expect(authorizationOrigins()).toEqual(["https://github.com", issuer.replace("127.0.0.1", "localhost")]);
    vi.unstubAllEnvs();
  });
});
