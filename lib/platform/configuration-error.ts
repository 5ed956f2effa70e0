/** A setting the operator has to change. The message is one sentence that says which and how. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
}
