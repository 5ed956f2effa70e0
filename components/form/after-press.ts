/**
 * Runs `work` once nothing is being pressed any more: at once, or after the press under way has had its click.
 * A message that appears below a field moves what is under it, and the press that left the field would miss its button.
 */
export function afterPress(work: () => void): void {
  if (!document.querySelector(":active")) work();
  // A click follows in the same task; a timer comes after it.
  else window.addEventListener("mouseup", () => setTimeout(work), { capture: true, once: true });
}
