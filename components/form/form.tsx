import type { ComponentProps } from "react";
import { FORM_FIELD, PAGE_FIELDS, type PageMarks } from "@/lib/shared/page-fields";
import { usePage } from "./page-context";

const MARKS = Object.keys(PAGE_FIELDS) as (keyof PageMarks)[];

/**
 * A form of ours. It carries unseen what its action has to know of the page it is on, and its name where it has one, the
 * empty one too.
 */
export function Form({ children, name, ...props }: ComponentProps<"form">) {
  const { marks } = usePage();
  return (
    <form {...props}>
      {MARKS.map((mark) => (
        // Not to be restored by a browser that loads the page again.
        <input key={mark} type="hidden" name={PAGE_FIELDS[mark]} value={marks[mark]} autoComplete="off" />
      ))}
      {name !== undefined && <input type="hidden" name={FORM_FIELD} value={name} />}
      {children}
    </form>
  );
}
