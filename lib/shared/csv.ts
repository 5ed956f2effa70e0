/** Where a spreadsheet begins to read a cell: at its start, and after what some take for the end of the one before. */
const STARTS_FORMULA = /(^|[;,|\t\r\n"'])([\s\0]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;

/**
 * One line of a table (RFC 4180). A cell that a spreadsheet would run has an apostrophe before it, and is text there (OWASP,
 * "CSV Injection").
 */
export function csvLine(cells: string[]): string {
  return `${cells.map((cell) => `"${asText(cell).replaceAll('"', '""')}"`).join(",")}\r\n`;
}

function asText(cell: string): string {
  return cell.replace(/^(?=[\t\r\n\0])/, "'").replace(STARTS_FORMULA, "$1$2'");
}
