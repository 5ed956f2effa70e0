/** Who is asking, log in, log out. Pages, actions and routes import this file; `lib/auth/next-auth.ts` stays behind it. */
export { asksPassword, currentAsker, goOnAs } from "./asker";
export { currentSession, currentUser, redirectIfLoggedIn, requireSession, requireUser } from "./current-user";
export { takeTyped } from "./kept-form";
export { logIn, logOut } from "./log-in";
export { newPageMarks } from "./page-marks";
export { proveAgain, requireRecentProof, runProvenAction } from "./recent-proof";
export { runUserAction, runUserActionAgain } from "./user-action";
