import { ConfigurationError } from "../configuration-error";
import { compact } from "./setting";
import { isHost, serverAddress } from "./url";

const EXAMPLE = "smtps://user:password@mail.example.com";

/**
 * The address of a mail server. No path and no parameters: nodemailer would take its own settings from there, and one of them
 * stops checking TLS.
 */
export const smtpUrl = compact((text, name) => {
  const refuse = (why: string) =>
    new ConfigurationError(`${name} must be the address of a mail server, like ${EXAMPLE}${why}.`);
  if (!/^smtps?:\/\//i.test(text)) throw refuse("");
  const url = serverAddress(text, name, EXAMPLE);
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || text.includes("?"))
    throw refuse(", without a path or parameters");
  if (url.hostname === "" || !isHost(url.hostname)) throw refuse(": its host is no name or address");
  const [authority = ""] = text.replace(/^\w+:\/\//, "").split("/");
  if (authority.includes("@") && (url.username === "" || url.password === ""))
    throw refuse(": it has an @, and no user or no password before it");
  return url;
});
