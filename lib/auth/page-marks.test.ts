import { afterEach, describe, expect, it, vi } from "vitest";

const reader = { id: "ada" };

const [ONE, OTHER] = ["one secret, for this test and nothing else", "another secret, for this test as well"];

/** The module as an instance with these settings has it. */
async function instance(secret: string, previous = "") {
  vi.resetModules();
  vi.stubEnv("AUTH_SECRET", secret);
  vi.stubEnv("AUTH_SECRET_PREVIOUS", previous);
  return await import("./page-marks");
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("madeFor", () => {
  it("knows the person of a page, and from somebody else", async () => {
    const { newPageMarks, madeFor } = await instance(ONE);
    const mark = (await newPageMarks(reader)).reader;
    expect(madeFor({ id: "ada" }, mark)).toBe("this person");
    expect(madeFor({ id: "bob" }, mark)).toBe("somebody else");
  });

  it("knows it while AUTH_SECRET is changed, from whichever instance names the other's", async () => {
    const former = (await (await instance(ONE, OTHER)).newPageMarks(reader)).reader;
    const changed = await instance(OTHER, ONE);
    expect(changed.madeFor({ id: "ada" }, former)).toBe("this person");
    expect(changed.madeFor({ id: "bob" }, former)).toBe("somebody else");
    const later = (await changed.newPageMarks(reader)).reader;
    expect((await instance(ONE, OTHER)).madeFor({ id: "ada" }, later)).toBe("this person");
  });

  it("says of nobody that they are another person where there is no mark, or none it knows", async () => {
    const former = (await (await instance(ONE)).newPageMarks(reader)).reader;
    const { newPageMarks, madeFor } = await instance(OTHER);
    const sound = newPageMarks(reader).reader;
    const [mark = "", proof = ""] = sound.split(".");
    for (const unknown of [
      undefined,
      "",
      ".",
      former,
      mark.slice(1),
      `${proof}.${mark}`,
      `.${proof}`,
      ...["x", ".", ".1", "\n", " "].map((more) => `${sound}${more}`),
      ` ${sound}`,
      sound.replace(".", ".."),
      new File([], ""),
    ])
      expect(madeFor({ id: "bob" }, unknown)).toBe("unknown");
  });
});
