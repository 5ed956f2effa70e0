/** `npm run build`: the production build that every server serves. */
import { build } from "../server/build";
import { endUnstarted } from "../server/explain";

await build({
  output: "inherit",
  onWait: (pid) => console.log(`Waiting for another build (pid ${pid ?? "unknown"})`),
}).catch(endUnstarted);
