import { it } from "vitest";
import { runsOn } from "./database";

/** A test on one database alone: for what takes long and asks nothing that another one could answer otherwise. */
export const itOnce = it.runIf(runsOn() === "sqlite");
