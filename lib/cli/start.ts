/** `npm start`, and `npm run dev` with `--dev`. A service runs it without npm: `node lib/cli/run.mjs start`. */
import "../server/start";
