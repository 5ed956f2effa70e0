/** AUTH_SECRET_PREVIOUS in the walk through every query: what was encrypted with it is encrypted anew. */
export const FORMER_SECRET = "a former secret of this walk, long enough";
