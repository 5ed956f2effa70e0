/** What both clients have in common. */
export const clientOptions = {
  /** A hash leaves the database only where a query selects it by name. */
  omit: { user: { passwordHash: true } },
  /** Errors name the query and not its values: those are people's, and errors end in a log. */
  errorFormat: "minimal",
} as const;
