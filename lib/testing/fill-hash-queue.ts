import { hashQueue, type QueueSlot } from "../security/passwords/hash-queue";

/** Takes every slot that strangers can have in the hash queue, each as another client; what it answers gives them back. */
export function fillHashQueue(): () => void {
  const slots: QueueSlot[] = [];
  for (;;) {
    const name = `client ${slots.length}`;
    const slot = hashQueue().reserveSlot({ client: name, account: name, isKnown: false });
    if (slot) slots.push(slot);
    else break;
  }
  return () => {
    for (const slot of slots) slot.release();
  };
}
