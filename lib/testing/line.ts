import { EventEmitter } from "node:events";
import { type Answers, type ChannelEnd, Line } from "../platform/ipc";

/** The two ends of a line within one process, as between two of them; `cut` is what each sees when the other has ended. */
export function openLine(answersHere: Answers, answersThere: Answers) {
  const [here, there] = [new EventEmitter(), new EventEmitter()];
  let isCut = false;
  const sendTo = (other: EventEmitter) => (message: unknown) => {
    // As JSON, and later: nothing but text crosses a channel.
    if (!isCut) setImmediate(() => other.emit("message", JSON.parse(JSON.stringify(message))));
    return !isCut;
  };
  const line = (end: EventEmitter, other: EventEmitter, answers: Answers) =>
    new Line(Object.assign(end, { send: sendTo(other) }) as ChannelEnd, answers);
  return {
    here: line(here, there, answersHere),
    there: line(there, here, answersThere),
    cut() {
      isCut = true;
      for (const end of [here, there]) end.emit("disconnect");
    },
  };
}
