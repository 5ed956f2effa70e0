import { isLocalHost } from "../address";
import { ConfigurationError } from "../configuration-error";
import { compact } from "./setting";
import { isHost } from "./url";

/** Where visitors reach the app: a scheme and a host. Plain http is for this machine and its own network. */
export const siteUrl = compact((text, name) => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
    throw new ConfigurationError(
      `${name} must be the address visitors use, like https://accounts.example.com.`,
    );
  const url = new URL(text);
  if (url.pathname !== "/" || /[?#]/.test(text) || url.username || url.password)
    throw new ConfigurationError(
      `${name} must be an address without a path, like https://accounts.example.com.`,
    );
  if (!isHost(url.hostname) || url.hostname.endsWith(".") || url.port === "0")
    throw new ConfigurationError(`${name} has a host or a port that no browser can visit.`);
  if (url.protocol !== "https:" && !isLocalHost(url.hostname))
    throw new ConfigurationError(
      `${name} must begin with https:// for the public address ${url.host}; plain http is for this machine and its own network.`,
    );
  return url;
});

/** A server that the app asks, at any path. `fetch` takes no account in an address, and would fail each time. */
export const serviceUrl = compact((text, name) => {
  const isAddress = /^https?:\/\//i.test(text) && URL.canParse(text) && isHost(new URL(text).hostname);
  const url = isAddress ? new URL(text) : null;
  if (!url || url.username || url.password || /[?#]/.test(text))
    throw new ConfigurationError(
      `${name} must be the address of a server, like https://range.example.com, without an account or parameters.`,
    );
  if (url.protocol !== "https:" && !isLocalHost(url.hostname))
    throw new ConfigurationError(
      `${name} must begin with https:// for ${url.host}; plain http is for this machine and its own network.`,
    );
  return url;
});
