import { useSyncExternalStore } from "react";

function never() {
  return () => {};
}

/** True once the script runs this page: false on the server and while taking over what the server printed. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
