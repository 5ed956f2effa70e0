import { expect, isLoggedIn, logIn, newStranger, type Person, SESSION_COOKIE, test } from "./fixtures";
import { type Answer, readForms, textOf, Visitor } from "./support/visitor";

// What no form of ours ever sends, written by hand: FormData and browsers put such things right before they are sent.

const BOUNDARY = "----latchkey";
const CALLBACK = "/api/auth/callback/credentials";

/** A field of a hand-written form: its name, its bytes, and a file's name if it pretends to be one. */
type Part = [name: string, value: string | Buffer, file?: string];

const LOGIN_VALUES: Part[] = [
  ["email", "ada@example.com"],
  ["password", "open-sesame 123"],
];

const damaged: [string, (whole: Buffer) => Buffer][] = [
  ["is cut short before its last line", (whole) => whole.subarray(0, -(BOUNDARY.length + 6))],
  ["is cut short inside a field", (whole) => whole.subarray(0, whole.length - BOUNDARY.length - 12)],
  ["is cut short inside a field's head", (whole) => whole.subarray(0, 60)],
  ["is empty", () => Buffer.alloc(0)],
  ["is noise", () => Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256))],
  ["has another boundary", (whole) => Buffer.from(whole.toString().replaceAll(BOUNDARY, "----other"))],
  ["has no line ends", (whole) => Buffer.from(whole.toString().replaceAll("\r\n", ""))],
  [
    "has a field without a name",
    (whole) => Buffer.from(whole.toString().replaceAll(/form-data; name="[^"]*"/g, "form-data")),
  ],
  ["has bytes before it that are no text", (whole) => Buffer.concat([Buffer.from([0xff, 0, 0xfe]), whole])],
];

for (const [what, damage] of damaged)
  test(`a form that ${what} is refused without harm`, async ({ visitor, site }) => {
    const fields = await actionFields(visitor, "/login");
    const body = damage(multipart([...fields, ...LOGIN_VALUES]));
    const asForm = await post(visitor, "/login", body);
    expect(asForm.status).toBe(400);
    expect(asForm.body).not.toMatch(/ at |node_modules|Internal Server Error/);
    const asScript = await post(visitor, "/login", body, { "next-action": actionId(fields) });
    expect(asScript.status).toBe(400);
    expect((await new Visitor(site.origin).get("/login")).status).toBe(200);
  });

/** What React's notation for arguments can be bent into; `$0`, `$1` point at rows of the payload itself. */
const payloads: [string, string][] = [
  ["nothing", ""],
  ["half a list", "["],
  ["no list", "{}"],
  ["an empty list", "[]"],
  ["a number", "1"],
  ["text in the form's place", '[null,"email=a"]'],
  ["pairs in the form's place", '[null,[["email","ada@example.com"],["password","open-sesame 123"]]]'],
  ["a prototype", '[null,{"__proto__":{"email":"a"}}]'],
  ["a constructor", '["$0:constructor:constructor","$0:__proto__:then"]'],
  ["something to wait for", '[{"then":"$0:then"}]'],
  ["itself", '["$0","$@0"]'],
  ["a row that is missing", '["$9","$K9"]'],
  ["a file that is missing", '["$B9",null]'],
  ["a stream without an end", '["$R9","$X9"]'],
  ["another action", '[null,"$F9"]'],
  ["a thousand rows too many", JSON.stringify(new Array(2000).fill(1))],
  ["a number of five thousand digits", `["$n${"9".repeat(5000)}"]`],
  ["ten thousand lists in one another", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
];

for (const [what, payload] of payloads)
  test(`an action called with ${what} is refused without harm`, async ({ visitor, database }) => {
    for (const path of ["/login", "/register"]) {
      const fields = await actionFields(visitor, path);
      const answer = await post(visitor, path, multipart([["0", payload]]), {
        "next-action": actionId(fields),
      });
      expect(answer.status, path).toBe(400);
      expect(answer.body, path).not.toMatch(/ at \/|node_modules/);
    }
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
    expect(await database.query('SELECT "id" FROM "User" WHERE "email" = ?', "ada@example.com")).toEqual([]);
    expect((await visitor.get("/login")).status).toBe(200);
  });

const tampered: [string, (fields: Part[]) => Part[]][] = [
  ["no action", () => []],
  ["a reference to nothing", () => [["$ACTION_REF_1", ""]]],
  ["an action that does not exist", (fields) => edit(fields, "$ACTION_1:0", /[0-9a-f]{42}/, "0".repeat(42))],
  [
    "an action by a name of JavaScript's",
    (fields) => edit(fields, "$ACTION_1:0", /[0-9a-f]{42}/, "__proto__"),
  ],
  ["half a reference", (fields) => edit(fields, "$ACTION_1:0", /bound.*/s, "")],
  ["a reference to itself", (fields) => edit(fields, "$ACTION_1:0", /\$@1/, "$@0")],
  ["no arguments", (fields) => edit(fields, "$ACTION_1:0", /"\$@1"/, "null")],
  ["arguments that are no JSON", (fields) => edit(fields, "$ACTION_1:1", /.*/s, "[")],
  ["arguments in one another", (fields) => edit(fields, "$ACTION_1:1", /.*/s, "[".repeat(10_000))],
  ["too many arguments", (fields) => edit(fields, "$ACTION_1:1", /.*/s, `[${"1,".repeat(5000)}1]`)],
  ["two references", (fields) => [...fields, ...fields]],
  ["a file for a reference", (fields) => fields.map(([name, value]) => [name, value, "x.txt"])],
  ["a key that is no key", (fields) => edit(fields, "$ACTION_KEY", /.*/s, '["\0')],
  [
    "a prototype for a state",
    (fields) =>
      edit(fields, "$ACTION_1:1", /.*/s, '[{"__proto__":{"status":"done","goTo":"//evil.example"}}]'),
  ],
  [
    "a state of its own making",
    (fields) => edit(fields, "$ACTION_1:1", /.*/s, '[{"status":"done","goTo":"//evil.example"}]'),
  ],
];

for (const [what, tamper] of tampered)
  test(`a form with ${what} opens nothing and breaks nothing`, async ({ visitor }) => {
    const fields = await actionFields(visitor, "/login");
    const answer = await post(visitor, "/login", multipart([...tamper(fields), ...LOGIN_VALUES]));
    // Either it is malformed, or what is left of it is a login with a wrong password, shown or not.
    if (answer.status === 200) expect(textOf(answer.body)).toContain("Remember me");
    else expect([400, 409]).toContain(answer.status);
    expect(answer.body).not.toContain("evil.example");
    expect(answer.location).toBeNull();
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  });

const SERVERS = { tag: "@servers" };

test(
  "an action asked for at an address that has not got it does not run, and leaves no trace",
  SERVERS,
  async ({ visitor, registered, database }) => {
    const person = await registered();
    const id = actionId(await actionFields(visitor, "/login"));
    const bodyWith = (password: string) =>
      multipart([
        ["_1_email", person.email],
        ["_1_password", password],
        ["0", '[null,"$K1"]'],
      ]);
    for (const path of [
      "/",
      "/register",
      "/nowhere",
      "/account",
      "/api",
      "/api/nowhere",
      "/api/%61uth/nowhere",
    ])
      for (const disguise of [{}, { "x-action-forwarded": "1" }, { host: "evil.example" }])
        for (const password of [person.password, "a wrong guess it is"]) {
          const headers = { "next-action": id, ...disguise };
          const answer = await post(visitor, path, bodyWith(password), headers);
          expect(answer.status, path).toBeLessThan(500);
          expect(answer.body, path).not.toContain("Login Unsuccessful");
          expect(visitor.cookies.has(SESSION_COOKIE), path).toBe(false);
        }
    const ofPerson = async (table: string) =>
      database.query(
        `SELECT "id" FROM "${table}" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)`,
        person.email,
      );
    for (const table of ["Session", "KnownBrowser"]) expect(await ofPerson(table), table).toEqual([]);
    expect(await ofPerson("AuditEvent"), "that of registering").toHaveLength(1);
    expect((await post(visitor, "/login", bodyWith(person.password), { "next-action": id })).status).toBe(
      200,
    );
    expect(await isLoggedIn(visitor)).toBe(true); // the same bytes where they belong
    expect(await ofPerson("AuditEvent")).toHaveLength(2);
  },
);

test(
  "no form reaches a page below /api, where the rules for forms do not hold",
  SERVERS,
  async ({ visitor }) => {
    const fields = await actionFields(visitor, "/login");
    const form = multipart([...fields, ...LOGIN_VALUES]);
    const large = multipart([...fields, ["nothing", "a".repeat(1_000_000)]]);
    for (const [headers, body] of [
      [{}, form],
      [{ "next-action": actionId(fields) }, form],
      [{ origin: "http://evil.example" }, form],
      [{ origin: "null" }, form],
      [{}, form.subarray(0, 60)],
      [{}, large],
      [{ "content-length": undefined, "transfer-encoding": "chunked" }, large],
    ] as const) {
      const answer = await post(visitor, "/api/nowhere", body, headers);
      // With cookies, one from elsewhere is refused as at any route.
      expect([403, 404], JSON.stringify(headers)).toContain(answer.status);
      expect(answer.body).not.toContain("<html");
      for (const path of ["/api/%61uth/nowhere", "/api/%61uth/callback/credentials", "/api/h%65alth"]) {
        const { status } = await post(visitor, path, body, headers);
        expect([403, 413, 415], `${path} ${JSON.stringify(headers)}`).toContain(status);
      }
    }
    expect(await isLoggedIn(visitor)).toBe(false);
  },
);

const otherKinds = [
  ["text/plain;charset=UTF-8", "[]"],
  ["application/json", "{"],
  ["application/json", '{"email":{"$ne":null},"password":{"$ne":null}}'],
  ["application/x-www-form-urlencoded", "email=ada%40example.com&password=open-sesame"],
  ["multipart/form-data", "x"],
  ["multipart/mixed; boundary=x", "--x--"],
  ["", ""],
] as const;

for (const [type, body] of otherKinds)
  test(`a body of type "${type}" is no form of ours: ${body}`, async ({ visitor }) => {
    const id = actionId(await actionFields(visitor, "/login"));
    const headers = { ...(type && { "content-type": type }), "next-action": id };
    expect(
      (await post(visitor, "/login", Buffer.from(body), { "content-type": undefined, ...headers })).status,
    ).toBe(415);
    expect(await isLoggedIn(visitor)).toBe(false);
  });

const bent: [string, (person: Person) => Part[], string?][] = [
  [
    "files",
    ({ username, email }) => [
      ["username", username, "a.txt"],
      ["email", email, "b.txt"],
    ],
    "Choose a username.",
  ],
  [
    "names with brackets",
    ({ username, email }) => [
      ["username[]", username],
      ["email[$ne]", email],
    ],
    "Choose a username.",
  ],
  [
    "bytes that are no UTF-8",
    ({ email }) => [
      ["username", Buffer.from([0x61, 0xff, 0xed, 0xa0, 0x80])],
      ["email", email],
    ],
    "Use only letters",
  ],
  [
    "a NUL",
    ({ username, email }) => [
      ["username", `${username}\0`],
      ["email", `${email}\0`],
    ],
    "Use only letters",
  ],
  [
    "a username of 100 KB",
    ({ email }) => [
      ["username", `${"a".repeat(100_000)}!`],
      ["email", email],
    ],
    "Use only letters",
  ],
  [
    "an email of 100 KB",
    ({ username }) => [
      ["username", username],
      ["email", `a@${"a.".repeat(50_000)}`],
    ],
    "Use an address of at most 254 characters.",
  ],
  [
    "an email of 100 KB of spaces",
    ({ username }) => [
      ["username", username],
      ["email", `${" ".repeat(50_000)}x${" ".repeat(50_000)}`],
    ],
    "Enter an email address like",
  ],
  [
    "a second username that is wrong",
    ({ username, email }) => [
      ["username", username],
      ["username", "<b>"],
      ["email", email],
    ],
    "Use only letters",
  ],
  [
    "thousands of fields",
    ({ email }) => [
      ...Array.from({ length: 5000 }, (_, n): Part => [`x${n}`, ""]),
      ["username", ""],
      ["email", email],
    ],
    "Choose a username.",
  ],
];

for (const [what, parts, message] of bent)
  test(`a registration with ${what} gets a message and makes no account`, async ({ visitor, database }) => {
    const person = newStranger();
    const before = await countUsers(person);
    const answer = await post(
      visitor,
      "/register",
      multipart([
        ...(await actionFields(visitor, "/register")),
        ...parts(person),
        ["password", person.password],
        ["confirmation", person.password],
      ]),
    );
    expect(answer.status).toBe(200);
    expect(textOf(answer.body)).toContain(message);
    expect(await countUsers(person)).toBe(before);

    async function countUsers({ username, email }: Person): Promise<number> {
      const rows = await database.query(
        'SELECT "id" FROM "User" WHERE "emailCanonical" LIKE ? OR "usernameCanonical" LIKE ?',
        `${email.toLowerCase()}%`,
        `${username.toLowerCase()}%`,
      );
      return rows.length;
    }
  });

test("a megabyte in any field is too much", async ({ visitor }) => {
  for (const path of ["/login", "/register"]) {
    const fields = await actionFields(visitor, path);
    for (const name of ["email", "password", "nothing"]) {
      const answer = await post(visitor, path, multipart([...fields, [name, "a".repeat(1_000_000)]]));
      expect(answer.status, `${name} at ${path}`).toBe(413);
    }
  }
});

test("roles and ids that a visitor makes up change nothing", async ({ visitor, database }) => {
  const { username, email, password } = newStranger();
  const extra: Part[] = [
    ["id", "1"],
    ["role", "admin"],
    ["emailVerified", "2020-01-01"],
    ["emailCanonical", "someone@example.com"],
    ["passwordHash", "x"],
    ["__proto__", '{"isAdmin":true}'],
    ["constructor", "x"],
    ["toString", "x"],
  ];
  const values: Part[] = [
    ["username", username],
    ["email", email],
    ["password", password],
    ["confirmation", password],
  ];
  const fields = await actionFields(visitor, "/register");
  expect((await post(visitor, "/register", multipart([...fields, ...extra, ...values]))).status).toBe(303);
  const [row] = await database.query<Record<string, unknown>>(
    'SELECT * FROM "User" WHERE "email" = ?',
    email,
  );
  expect(row).toMatchObject({ emailCanonical: email.toLowerCase(), emailVerified: null });
  expect(row?.id).not.toBe("1");
  await logIn(visitor, { username, email, password });
});

test("while someone fills every field with 100 KB, another visitor is served", async ({ site, visitor }) => {
  const login = await actionFields(visitor, "/login");
  const heavy = [
    `a@${"a.".repeat(50_000)}`,
    "a".repeat(100_000),
    "\u0344".repeat(33_000),
    `${"(a".repeat(50_000)}!`,
  ];
  let left = heavy.length * 2;
  const served: number[] = [];
  const attacks = heavy.flatMap((text) =>
    ["email", "password"].map(async (name) => {
      const values: Part[] = LOGIN_VALUES.map(([field, value]) => [field, field === name ? text : value]);
      const answer = await post(new Visitor(site.origin), "/login", multipart([...login, ...values]));
      left -= 1;
      return answer.status;
    }),
  );
  const other = new Visitor(site.origin);
  do served.push((await other.get("/login")).status);
  while (left > 0);
  expect(await Promise.all(attacks)).toEqual(heavy.flatMap(() => [200, 200]));
  expect(new Set(served)).toEqual(new Set([200]));
});

const nonsense = [
  "email=%&password=%",
  "email[]=ada%40example.com&email=a&email=b&password=x",
  "__proto__=x&constructor=y&toString=z",
  "%00=%00&email=%00&password=%00",
  "email=%ED%A0%80%40example.com&password=%FF%FE",
  `email=a%40${"a.".repeat(50_000)}&password=x`,
  `email=ada%40example.com&password=${"x".repeat(100_000)}`,
  `${"a[".repeat(10_000)}=x`,
  "&".repeat(100_000),
  "",
];

for (const [index, body] of nonsense.entries())
  test(`nonsense at the credentials route opens nothing (${index})`, async ({ visitor }) => {
    const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body) as { csrfToken: string };
    for (const whole of [body, `csrfToken=${csrfToken}&${body}`]) {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await post(visitor, CALLBACK, Buffer.from(whole), headers);
      expect(answer.status).toBeLessThan(500);
      expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
      if (answer.location) expect(new URL(answer.location).origin).toBe(visitor.origin);
    }
  });

const strangers: [string, Record<string, string | undefined>][] = [
  ["another site", { origin: "https://evil.example" }],
  ["nowhere", { origin: "null" }],
  ["nonsense", { origin: "http://" }],
  ["our own site with a path", { origin: "http://localhost/" }],
  ["several sites", { origin: "http://localhost, https://evil.example" }],
  ["a site that hides its name", { origin: undefined, "sec-fetch-site": "cross-site" }],
  ["a sister site that hides its name", { origin: undefined, "sec-fetch-site": "same-site" }],
];

for (const [who, headers] of strangers)
  test(`nothing changes for a form from ${who}, logged in or not`, async ({
    site,
    registered,
    database,
    enter,
  }) => {
    const person = await registered();
    const next = newStranger();
    const inside = new Visitor(site.origin);
    await enter(inside, person);
    const logout = (await inside.get("/account")).body;

    for (const visitor of [new Visitor(site.origin), inside]) {
      const token = visitor.cookies.get(SESSION_COOKIE);
      const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body) as { csrfToken: string };
      const outside = new Visitor(site.origin);
      const values = (of: Person): Part[] => [
        ["username", of.username],
        ["email", of.email],
        ["password", of.password],
        ["confirmation", of.password],
      ];
      const login = await actionFields(outside, "/login");
      const register = await actionFields(outside, "/register");
      const credentials = new URLSearchParams({ csrfToken, email: person.email, password: person.password });
      const answers = [
        await post(visitor, "/login", multipart([...login, ...values(person)]), headers),
        await post(visitor, "/login", multipart([["0", '[null,"$K1"]']]), {
          ...headers,
          "next-action": actionId(login),
        }),
        await post(visitor, "/register", multipart([...register, ...values(next)]), headers),
        await post(visitor, "/account", multipart(hiddenFields(logout, "Log out")), headers),
        await post(visitor, CALLBACK, Buffer.from(credentials.toString()), {
          "content-type": "application/x-www-form-urlencoded",
          ...headers,
        }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
      expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual([]);
      expect(visitor.cookies.get(SESSION_COOKIE)).toBe(token);
    }
    expect(await isLoggedIn(inside)).toBe(true);
    expect(await database.query('SELECT "id" FROM "User" WHERE "email" = ?', next.email)).toEqual([]);
    const sessions = await database.query(
      'SELECT "id" FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
      person.email,
    );
    expect(sessions).toHaveLength(1);
  });

function multipart(parts: Part[]): Buffer {
  const lines = parts.flatMap(([name, value, file]) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`),
    Buffer.from(file === undefined ? "\r\n\r\n" : `; filename="${file}"\r\nContent-Type: text/plain\r\n\r\n`),
    Buffer.from(value),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...lines, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** Sends these very bytes, as a page of ours would unless `headers` say otherwise; undefined leaves one out. */
function post(
  visitor: Visitor,
  path: string,
  body: Buffer,
  headers: Record<string, string | undefined> = {},
): Promise<Answer> {
  const all = {
    "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
    "content-length": String(body.length),
    origin: visitor.origin,
    ...headers,
  };
  return visitor.request(path, {
    method: "POST",
    body,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
  });
}

/** What says which action a page's form belongs to, with 1 for the number that React has given the form. */
async function actionFields(visitor: Visitor, path: string): Promise<Part[]> {
  const found = hiddenFields((await visitor.get(path)).body, 'name="email"');
  const fields = found.map(([name, value]): Part => {
    return [name.replace(/^(\$ACTION_(?:REF_)?)\d+/, (_, kind: string) => `${kind}1`), value];
  });
  expect(fields.map(([name]) => name)).toContain("$ACTION_REF_1");
  return fields;
}

function hiddenFields(html: string, mark: string): Part[] {
  const form = readForms(html).find((candidate) => candidate.html.includes(mark));
  return [...(form?.fields ?? [])].flatMap(([name, value]): Part[] =>
    name.startsWith("$ACTION") ? [[name, value ?? ""]] : [],
  );
}

function actionId(fields: Part[]): string {
  return /[0-9a-f]{42}/.exec(String(fields.find(([name]) => name === "$ACTION_1:0")?.[1]))?.[0] ?? "";
}

/** The fields with a part of one of them replaced. */
function edit(fields: Part[], name: string, what: RegExp, by: string): Part[] {
  return fields.map(([field, value]) => [
    field,
    field === name ? String(value).replace(what, () => by) : value,
  ]);
}
