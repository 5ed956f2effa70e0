import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invalid, typedValues } from "./action-state";
import { canonical, normalizePassword, PASSWORD_MAX_BYTES, passwordBytes } from "./canonical";
import { asciiAddress, plainForm, visibleForm } from "./email-address";
import {
  EMAIL_MAX,
  loginSchema,
  newPasswordSchemaFor,
  registerSchemaFor,
  USERNAME_MAX,
  USERNAME_MIN,
} from "./schemas";

/** Text as it can arrive: all of UTF-16, halves of characters among it, and what comes close to passing. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "",
    " ",
    "\0",
    "\ud800",
    "__proto__",
    "constructor",
    "%00",
    "ⓐdmin",
    "I\u0307",
    "a".repeat(100_000),
  ),
);
const localPart = fc.string({ unit: fc.constantFrom(..."aB3.+'!#"), minLength: 1, maxLength: 70 });
const label = fc.string({ unit: fc.constantFrom(..."aB3-"), minLength: 1, maxLength: 70 });
const email = fc
  .tuple(localPart, fc.array(label, { minLength: 1, maxLength: 6 }))
  .map(([local, labels]) => `${local}@${labels.join(".")}`);
const username = fc.string({ unit: fc.constantFrom(..."aZ09._-"), minLength: 0, maxLength: 25 });
const password = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 6, maxLength: 80 }),
  fc.string({ unit: "grapheme-ascii", minLength: 6, maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("a", "é", "🔑", "\ud800", "\udc00", "\0"), minLength: 6, maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."aaaaaaaaaaaaaaab", "\ud800"), minLength: 8, maxLength: 40 }),
);
/** What a field can hold once a client leaves forms alone. */
const anything = fc.oneof(text, fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }));
const minimum = fc.integer({ min: 8, max: 64 });

const rules = (passwordMinLength: number) => ({ passwordMinLength, appName: "Latchkey" });

describe("registerSchemaFor", () => {
  it("never throws, and refuses anything that is not text with a message for a field", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("username", "email", "password", "confirmation", "__proto__", "id"),
          anything,
        ),
        minimum,
        (input, length) => {
          const result = registerSchemaFor(rules(length)).safeParse(input);
          if (result.success) return;
          const state = invalid(result.error, new FormData());
          expect(state).toHaveProperty("fieldErrors");
          const fieldErrors = "fieldErrors" in state ? state.fieldErrors : {};
          expect(Object.keys(fieldErrors)).not.toHaveLength(0);
          for (const [field, message] of Object.entries(fieldErrors)) {
            expect(["username", "email", "password", "confirmation"]).toContain(field);
            expect(message).toMatch(/^[A-Z].*\.$/s);
          }
        },
      ),
    );
  });

  it("refuses what is no form at all", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer(), fc.array(fc.anything()), fc.constantFrom(null, undefined, true)),
        (input) => {
          expect(registerSchemaFor(rules(8)).safeParse(input).success).toBe(false);
        },
      ),
    );
  });

  it("accepts exactly the documented usernames", () => {
    const reserved = ["admin", "root", "latchkey", "support"];
    fc.assert(
      fc.property(fc.oneof(username, text, fc.constantFrom(...reserved, "ADMIN", "Root")), (name) => {
        const plain = visibleForm(name);
        const isRight =
          /^[A-Za-z0-9._-]+$/.test(plain) && plain.length >= USERNAME_MIN && plain.length <= USERNAME_MAX;
        const verdict = errorOf({ username: name }, "username") === undefined;
        if (!isRight || reserved.includes(canonical(name))) expect(verdict).toBe(false);
        else if (/[0-9._-]/.test(plain)) expect(verdict).toBe(true); // no reserved name has one of these
      }),
    );
  });

  it("accepts no email that is not, with its domain in ASCII, one line of ASCII around one @, within its limits", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          email,
          text,
          fc.tuple(text, text).map((parts) => parts.join("@")),
        ),
        (address) => {
          const input = {
            username: "ada",
            email: address,
            password: "correct horse",
            confirmation: "correct horse",
          };
          const result = registerSchemaFor(rules(8)).safeParse(input);
          if (!result.success) return;
          expect(result.data.email).toBe(plainForm(address));
          const kept = asciiAddress(result.data.email) ?? "";
          expect(kept).toMatch(/^[!-?A-~]+@[A-Za-z0-9.-]+$/);
          expect(kept.length).toBeLessThanOrEqual(EMAIL_MAX);
          expect(kept.indexOf("@")).toBeLessThanOrEqual(64);
          for (const part of kept.slice(kept.indexOf("@") + 1).split(".")) {
            expect(part.length).toBeLessThanOrEqual(63);
            expect(part).toMatch(/^[A-Za-z0-9](.*[A-Za-z0-9])?$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("gives the same when what it gave is sent again", () => {
    fc.assert(
      fc.property(username, email, password, (name, address, secret) => {
        const schema = registerSchemaFor(rules(8));
        const once = schema.safeParse({
          username: name,
          email: ` ${address}\n`,
          password: secret,
          confirmation: secret,
        });
        if (once.success) expect(schema.parse(once.data)).toEqual(once.data);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses every confirmation that differs", () => {
    fc.assert(
      fc.property(password, fc.string({ unit: "binary", minLength: 1 }), (secret, other) => {
        fc.pre(normalizePassword(secret) !== normalizePassword(other));
        expect(errorOf({ password: secret, confirmation: other }, "confirmation")).toBe(
          "The two passwords differ.",
        );
      }),
    );
  });
});

describe("newPasswordSchemaFor", () => {
  it("accepts exactly what is long enough, short enough and can be kept", () => {
    fc.assert(
      fc.property(fc.oneof(password, text), minimum, (secret, length) => {
        const isRight =
          secret.length <= 1000 && // further up nothing fits
          secret.isWellFormed() &&
          !/[\0\ufffd]/.test(secret) &&
          [...normalizePassword(secret)].length >= length &&
          passwordBytes(secret) <= PASSWORD_MAX_BYTES;
        const result = newPasswordSchemaFor(length).safeParse(secret);
        expect(result.success).toBe(isRight);
        if (result.success) expect(result.data).toBe(secret);
      }),
      { numRuns: 500 },
    );
  });
});

describe("loginSchema", () => {
  it("never throws, and lets through text alone", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("email", "password", "remember", "callbackUrl"), anything),
        (input) => {
          const result = loginSchema.safeParse(input);
          if (!result.success) {
            expect(result.error.issues[0]?.message).toMatch(/^[A-Z].*\.$/);
            return;
          }
          expect(typeof result.data.email).toBe("string");
          expect(typeof result.data.password).toBe("string");
          expect(result.data.remember).toBe(input.remember === "on");
        },
      ),
    );
  });

  it("accepts every email that registering accepts, and no other", () => {
    fc.assert(
      fc.property(fc.oneof(email, text), (address) => {
        const canLogIn = loginSchema.safeParse({ email: address, password: "x" }).success;
        expect(canLogIn).toBe(errorOf({ email: address }, "email") === undefined);
      }),
      { numRuns: 500 },
    );
  });
});

describe("canonical and normalizePassword", () => {
  it("change nothing the second time", () => {
    const address = fc
      .tuple(localPart, fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }))
      .map(([local, domain]) => `${local}@${domain}.example`);
    fc.assert(
      fc.property(fc.oneof(email, username, address), (value) => {
        fc.pre(asciiAddress(plainForm(value)) !== null);
        expect(canonical(canonical(value))).toBe(canonical(value));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(normalizePassword(normalizePassword(value))).toBe(normalizePassword(value));
      }),
    );
  });

  it("make no two valid usernames one unless they differ in case alone", () => {
    fc.assert(
      fc.property(username, username, (one, other) => {
        const isSame = one.localeCompare(other, "en", { sensitivity: "accent" }) === 0;
        expect(canonical(one) === canonical(other)).toBe(isSame);
      }),
    );
  });
});

describe("typedValues", () => {
  it("keeps no secret, no file and nothing of the framework's", () => {
    const name = fc.oneof(
      fc.constantFrom("password", "confirmation", "email", "$ACTION_1:0", "__proto__"),
      fc.string(),
    );
    const entry = fc.tuple(name, fc.oneof(fc.string(), fc.constant(new File(["x"], "x"))));
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const form = new FormData();
        for (const [key, value] of entries) form.append(key, value);
        const values = typedValues(form);
        for (const [key, value] of Object.entries(values)) {
          expect(["password", "confirmation"]).not.toContain(key);
          expect(key).not.toMatch(/^\$/);
          expect(typeof value).toBe("string");
        }
        expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
      }),
    );
  });
});

/** What is said of one field, the others left out. */
function errorOf(input: Record<string, unknown>, field: string): string | undefined {
  const result = registerSchemaFor(rules(8)).safeParse(input);
  return result.error?.issues.find((issue) => issue.path[0] === field)?.message;
}
