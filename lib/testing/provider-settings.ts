/** Settings of two providers, of which the word of one counts. To be set before anything reads the environment. */
export const PROVIDERS = {
  OIDC_ACME_ISSUER: "https://id.acme.example",
  OIDC_ACME_CLIENT_ID: "latchkey",
  OIDC_ACME_CLIENT_SECRET: "a secret of Acme's",
  OIDC_ACME_LABEL: "Acme ID",
  OIDC_CORP_ISSUER: "https://sso.corp.example",
  OIDC_CORP_CLIENT_ID: "latchkey",
  OIDC_CORP_CLIENT_SECRET: "a secret of Corp's",
  OIDC_CORP_TRUST_EMAIL: "true",
};
