export const dynamic = "force-dynamic";

/**
 * Answers for addresses below /api that no route has. Next would make its page of what is not found, whose forms run actions,
 * behind none of the rules for forms. A route of its own comes before this one.
 */
function answerNotFound(): Response {
  return Response.json({ error: "not found" }, { status: 404, headers: { "Cache-Control": "no-store" } });
}

export {
  answerNotFound as DELETE,
  answerNotFound as GET,
  answerNotFound as OPTIONS,
  answerNotFound as PATCH,
  answerNotFound as POST,
  answerNotFound as PUT,
};
