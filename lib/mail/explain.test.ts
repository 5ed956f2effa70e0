import { describe, expect, it } from "vitest";
import { explainMail } from "./explain";

const SMTP_URL = new URL("smtps://app:hush-hush@mail.example.com");
const failed = (code: string, message: string, responseCode?: number) =>
  Object.assign(new Error(message), { code, responseCode });

describe("explainMail", () => {
  it.each([
    [failed("ESOCKET", "connect ECONNREFUSED 192.0.2.7:465"), /:465 takes no connections.*\(ECONNREFUSED\)/],
    [failed("EDNS", "getaddrinfo ENOTFOUND mail.example.com"), /^The name mail\.example\.com leads to no/],
    [failed("ETIMEDOUT", "Greeting never received"), /:465 does not answer: .*\(ETIMEDOUT\)/],
    [failed("ESOCKET", "self-signed certificate"), /certificate that cannot be trusted/],
    [failed("ESOCKET", "80AC:error:0A00010B:SSL routines::wrong version number"), /speaks no TLS there/],
    [failed("EAUTH", "Invalid login: 535 for ada@example.com", 535), /refuses the user or .*\(EAUTH 535\)/],
    [failed("EENVELOPE", "451 ada@example.com certificate", 451), /look at its log \(EENVELOPE 451\)/],
    [new Error("for ada@example.com"), /look at its log \(Error\)/],
  ])("says what to do, without the password and the address: %s", (error, says) => {
    const reason = explainMail(error, SMTP_URL);
    expect(reason).toMatch(says);
    expect(reason).not.toMatch(/hush-hush|ada@/);
  });

  it("knows the port of a server that is spoken to with STARTTLS", () => {
    const error = failed("ESOCKET", "connect ECONNREFUSED");
    expect(explainMail(error, new URL("smtp://mail.example.com"))).toContain("mail.example.com:587");
  });
});
