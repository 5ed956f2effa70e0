/** Who is asking, log in, log out. Pages, actions and routes import this file; `lib/auth/next-auth.ts` stays behind it. */
export { answerHolder, asksPassword, currentAsker, currentVouched } from "./asker";
export {
  currentLeavingSession,
  currentSession,
  currentUser,
  picturePathOf,
  redirectIfLoggedIn,
  requireSession,
  requireUser,
} from "./current-user";
export { takeTyped } from "./kept-form";
export { runLeaverAction } from "./leaver-action";
export { logIn, logOut, pathAfter } from "./log-in";
export { madeFor, newPageMarks } from "./page-marks";
export { answerWithQuestion, offersPasskey, refusedPasskey } from "./passkeys/answers";
export {
  hasRecentProof,
  proveAgain,
  proveFirst,
  proveSecondFactorFirst,
  requireRecentProof,
  requireRecentSecondFactor,
  runProvenAction,
} from "./recent-proof";
export { runPendingAction } from "./two-factor/pending-action";
export { currentPendingLogin } from "./two-factor/pending-login";
export { runUserAction, runUserActionAgain } from "./user-action";
