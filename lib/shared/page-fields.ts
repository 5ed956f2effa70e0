/**
 * Fields that every form of a page carries unseen. Their names begin as those of the framework's own fields do, so no form's
 * answer gives them back.
 */
export const PAGE_FIELDS = {
  /** A secret of this page in this browser: two forms that have it come from one page. */
  secret: "$page",
  /** Whom the page was drawn for. */
  reader: "$reader",
} as const;

/** Their values on one page. */
export type PageMarks = Record<keyof typeof PAGE_FIELDS, string>;

/**
 * The field in which a form with something to fill in names itself, unseen: by that name it gets back what was typed before a
 * session ended.
 */
export const FORM_FIELD = "$form";

/** The field for the password that a form shows when its action wants a recent proof of who sends it. */
export const PROOF_FIELD = "proof";
