/** `npm run build`: the production build that every server serves. */
import { build } from "../server/build";
import { endWithNpm } from "../server/end-with-npm";
import { endUnstarted } from "../server/explain";

endWithNpm();
await build({
  output: "inherit",
  onWait: (pid) => console.log(`Waiting for another build (pid ${pid ?? "unknown"})`),
}).catch(endUnstarted);
