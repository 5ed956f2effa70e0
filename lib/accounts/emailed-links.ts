import "server-only";

/** For pages, which ask this layer and none below: what a link would do, before its button is pressed. */
export { type FoundLink, findLinkToken as findLink, hasMoved } from "../security/link-tokens";
