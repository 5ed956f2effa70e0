"use server";

import { runProvenAction } from "@/lib/auth";
import type { ActionState } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { download } from "@/lib/web/action";

/** Leads somebody who has proven who they are to the file with everything that is kept about them. */
export async function exportDataAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("export-data", form, async () => download(routes.accountDataFile));
}
