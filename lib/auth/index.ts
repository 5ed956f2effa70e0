/** Who is asking, and how they come and go. Pages, actions and routes import this; `lib/auth/next-auth.ts` stays behind it. */
export { currentSession, currentUser, redirectIfLoggedIn, requireUser } from "./current-user";
export { logIn, logOut } from "./log-in";
export { runUserAction } from "./user-action";
