import type { Page } from "playwright/test";
import sharp from "sharp";
import {
  announced,
  expect,
  expectFieldError,
  field,
  fillIn,
  greetingOf,
  heading,
  navigation,
  newStranger,
  press,
  register,
  test,
} from "./fixtures";
import { type Answer, readForms, textOf, Visitor } from "./support/visitor";

const TAKEN = "That username is taken. Please choose a different one.";

/** A photo as a telephone has it: lying on its side, with the place in it. */
const photo = await sharp({
  create: { width: 900, height: 600, channels: 3, background: { r: 20, g: 120, b: 60 } },
})
  .withExif({ IFD0: { Copyright: "a secret place" } })
  .withMetadata({ orientation: 6 })
  .jpeg()
  .toBuffer();
const other = await sharp({ create: { width: 50, height: 50, channels: 4, background: "#0000ff80" } })
  .png()
  .toBuffer();

const TOO_LARGE = Buffer.alloc(5 * 1024 * 1024 + 1, 0xff);

const choose = (page: Page, buffer: Buffer, name = "me.jpg") =>
  field(page, "New picture").setInputFiles({ name, mimeType: "image/jpeg", buffer });

/** The picture in the page's own section, and in the header. */
const pictures = (page: Page) => page.locator('img[src^="/account/picture/"]');

/** Sends the form with a picture as a browser without a script does. */
async function sendPicture(
  visitor: Visitor,
  page: Answer,
  file: Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const form = readForms(page.body).find(({ fields }) => fields.has("picture"));
  const data = new FormData();
  for (const [name, value] of form?.fields ?? []) if (name !== "picture") data.append(name, value ?? "");
  data.append("picture", new File([new Uint8Array(file)], "picture.png", { type: "image/png" }));
  const encoded = new Response(data);
  return visitor.request(form?.action ?? "", {
    method: "POST",
    body: Buffer.from(await encoded.arrayBuffer()),
    headers: {
      "content-type": encoded.headers.get("content-type") ?? "",
      origin: visitor.origin,
      "sec-fetch-site": "same-origin",
      ...headers,
    },
  });
}

test("someone gives their account a picture, another one, and takes it away; what is none is refused at its field", {
  tag: "@no-js",
}, async ({ page, loggedIn }) => {
  await loggedIn();
  await page.goto("/account");
  await expect(pictures(page)).toHaveCount(0);
  await press(page, "Save picture");
  await expectFieldError(page, "New picture", "Choose a picture first.");

  await choose(page, photo);
  await press(page, "Save picture");
  await expect(announced(page, "status", "Your picture is saved.")).toBeVisible();
  await expect(pictures(page)).toHaveCount(2);
  const [src, drawn] = await pictures(page)
    .last()
    .evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      return [image.src, [image.naturalWidth, image.naturalHeight]] as const;
    });
  expect(drawn).toEqual([256, 256]);
  const answer = await page.request.get(src);
  expect(await sharp(await answer.body()).metadata()).toMatchObject({ format: "webp", width: 256 });
  expect((await answer.body()).includes("secret")).toBe(false);

  for (const [file, message] of [
    [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      "That is no PNG, JPEG or WebP that can be read.",
    ],
    [photo.subarray(0, -photo.length / 3), "That file is cut off"],
    [Buffer.concat([other, Buffer.from("<script>alert(1)</script>")]), "something else behind the picture"],
    [TOO_LARGE, "Use a picture of at most 5 MB."],
  ] as const) {
    await choose(page, file);
    await press(page, "Save picture");
    await expectFieldError(page, "New picture", message);
    await expect(field(page, "New picture")).toBeFocused();
    await expect(pictures(page).last()).toHaveAttribute("src", new URL(src).pathname);
  }

  await choose(page, other, "me.exe");
  await press(page, "Save picture");
  await expect(announced(page, "status", "Your picture is saved.")).toBeVisible();
  await expect(pictures(page).last()).not.toHaveAttribute("src", new URL(src).pathname);
  expect((await page.request.get(src)).status(), "the one before").toBe(404);
  await page.getByRole("link", { name: "Remove picture" }).click();
  await press(page, "Remove picture");
  await expect(announced(page, "status", "Your picture is removed.")).toBeVisible();
  await expect(pictures(page)).toHaveCount(0);
  await page.goto("/account/history");
  await expect(page.getByText("Your picture was changed")).toHaveCount(2);
  await expect(page.getByText("Your picture was removed")).toHaveCount(1);
});

test("a picture is there for its owner alone, and kept by no cache that would not ask again", {
  tag: "@servers",
}, async ({ site, visitor, registered, enter }) => {
  const [person, neighbour] = [await registered(), await registered()];
  await enter(visitor, person);
  const stranger = new Visitor(site.origin);
  await enter(stranger, neighbour);
  const before = await visitor.get("/account");
  expect((await sendPicture(visitor, before, photo)).location).toBe(`${site.origin}/account`);
  const src = /src="(\/account\/picture\/[^"]+)"/.exec((await visitor.get("/account")).body)?.[1] ?? "";

  const { status, headers } = await visitor.get(src);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    "content-type": "image/webp",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
    "cross-origin-resource-policy": "same-origin",
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
  });
  expect((await visitor.get(src, { "if-none-match": String(headers.etag) })).status).toBe(304);
  expect((await visitor.get(src, { "if-none-match": '"another"' })).status).toBe(200);

  for (const [whose, path] of [
    [stranger, src],
    [new Visitor(site.origin), src],
    [visitor, src.replace(/[0-9a-f]{4}\.webp/, "0000.webp")],
    [visitor, `/account/picture/${"%2e%2e%2f".repeat(3)}x.webp`],
  ] as const) {
    const answer = await whose.get(path, { "if-none-match": String(headers.etag) });
    expect([answer.status, answer.body], path).toEqual([404, ""]);
    expect(answer.headers["cache-control"]).toContain("no-store");
  }
  await visitor.submit("/account", {}, { button: "Log out" });
  expect((await visitor.get(src, { "if-none-match": String(headers.etag) })).status).toBe(404);
});

test("a picture from another site, for another person, in chunks or far too large changes nothing and harms nothing", {
  tag: "@next",
}, async ({ site, visitor, database, registered, enter }) => {
  const [person, neighbour] = [await registered(), await registered()];
  await enter(visitor, person);
  const page = await visitor.get("/account");
  const said = async () => textOf((await visitor.get("/account")).body);
  const kept = () =>
    database.query('SELECT "userId" FROM "Picture" WHERE "userId" IN (?, ?)', person.id, neighbour.id);

  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null", "sec-fetch-site": "cross-site" },
    { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  ];
  for (const headers of foreign) expect((await sendPicture(visitor, page, photo, headers)).status).toBe(403);
  const crossed = new Visitor(site.origin);
  await enter(crossed, neighbour);
  await sendPicture(crossed, page, photo);
  expect(textOf((await crossed.get("/account")).body)).toContain("this page was out of date");
  const nobody = await sendPicture(new Visitor(site.origin), page, photo);
  expect(nobody.status).toBe(303);
  expect(nobody.location).toContain("callbackUrl=%2Faccount");

  const huge = Buffer.alloc(40_000_000, 0xff);
  const lengths: Record<string, string>[] = [{}, { "transfer-encoding": "chunked" }];
  for (const headers of lengths) {
    expect((await sendPicture(visitor, page, huge, headers)).location).toBe(`${site.origin}/account`);
    expect(await said()).toContain("Use a picture of at most 5 MB.");
  }
  for (const [type, body] of [
    ["multipart/form-data; boundary=x", ""],
    ["multipart/form-data; boundary=x", "--x--\r\n"],
    ["multipart/form-data; boundary=-", "-".repeat(300_000)],
    [
      "multipart/form-data; boundary=x",
      '--x\r\ncontent-disposition: form-data; name="picture"\r\n\r\ntext\r\n--x--\r\n',
    ],
    ["multipart/form-data", "--x--\r\n"],
    ["application/json", "{}"],
  ] as const) {
    const headers = { "content-type": type, origin: site.origin, "content-length": body.length };
    const answer = await visitor.request("/account/picture", { method: "POST", body, headers });
    expect([303, 415], `${type} ${body.slice(0, 20)}`).toContain(answer.status);
  }
  expect(await kept()).toEqual([]);

  await sendPicture(visitor, page, photo, { "transfer-encoding": "chunked" });
  expect(await said()).toContain("Your picture is saved.");
  expect(await kept()).toHaveLength(1);
});

test("someone takes another username, which nobody else gets back, and takes the former one back", {
  tag: "@no-js",
}, async ({ page, site, loggedIn, registered }) => {
  const [person, neighbour] = [await loggedIn(), await registered()];
  const { username } = newStranger();
  await page.goto("/account");
  for (const [typed, message] of [
    [neighbour.username.toUpperCase(), TAKEN],
    ["a", "Use at least 2 characters."],
    ["Ada Lovelace", "Use only letters a–z, digits, dots, dashes and underscores."],
    ["admin", "That username is reserved. Please choose a different one."],
    [person.username, "That is your username already."],
  ] as const) {
    await fillIn(page, { "New username": typed });
    await press(page, "Change username");
    await expectFieldError(page, "New username", message);
    await expect(field(page, "New username")).toHaveValue(typed);
  }

  await fillIn(page, { "New username": username });
  await press(page, "Change username");
  await expect(announced(page, "status", "Your username is changed.")).toBeVisible();
  await expect(page.getByRole("definition").first()).toHaveText(username);
  await expect(page.getByText(`${person.username} is kept for you until`)).toBeVisible();
  const visitor = new Visitor(site.origin);
  const password = "seven quartz umbrellas";
  const fields = { email: newStranger().email, password, confirmation: password };
  const refused = await visitor.submit("/register", { ...fields, username: person.username.toLowerCase() });
  expect(textOf(refused.body)).toContain(TAKEN);

  await fillIn(page, { "New username": person.username });
  await press(page, "Change username");
  await expect(page.getByRole("definition").first()).toHaveText(person.username);
  const second = newStranger().username;
  await fillIn(page, { "New username": second });
  await press(page, "Change username");
  await expect(page.getByRole("definition").first()).toHaveText(second);
  await fillIn(page, { "New username": newStranger().username });
  await press(page, "Change username");
  await expect(
    announced(
      page,
      "alert",
      "You changed your username several times in 30 days. Please try again in 30 days.",
    ),
  ).toBeVisible();
  await page.goto("/account/history");
  await expect(page.getByText("Your username was changed")).toHaveCount(3);
  await register(new Visitor(site.origin)); // others go on as before
});

test("someone is greeted by the name they give, in any script, and by the username without one", async ({
  page,
  loggedIn,
}) => {
  const person = await loggedIn();
  await page.goto("/account");
  await fillIn(page, { "Display name": "x".repeat(51) });
  await press(page, "Save display name");
  await expectFieldError(page, "Display name", "Use at most 50 characters.");
  for (const [typed, name] of [
    ["  Ada \u202e  Lovelace ", "Ada Lovelace"],
    ["Адa <b>李</b> \u{1F511}", "Адa <b>李</b> \u{1F511}"],
    ["\u200b \u2066", null],
  ] as const) {
    await page.goto("/account");
    await fillIn(page, { "Display name": typed });
    await press(page, "Save display name");
    await expect(
      announced(
        page,
        "status",
        name === null ? "You have no display name any more." : "Your display name is saved.",
      ),
    ).toBeVisible();
    await expect(field(page, "Display name")).toHaveValue(name ?? "");
    await page.goto("/");
    await expect(heading(page, greetingOf(name ?? person.username))).toBeVisible();
  }
  await expect(navigation(page).getByRole("link", { name: "Account" })).toBeVisible();
});
