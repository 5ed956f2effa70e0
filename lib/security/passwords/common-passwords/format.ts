/** Where the list is, from the folder of the code; a standalone output gets a copy. */
export const LIST_FILE = "lib/security/passwords/common-passwords/list.bin";

/**
 * `list.bin` has the first six bytes of each hash, sorted: of the first two, how many hashes begin with each value, a byte
 * for each; then the other four of every hash. A random password is on it by chance once in 500 million.
 */
export const HEADS = 0x1_00_00;

/** What is kept of a hash behind its head, in bytes. */
export const TAIL_BYTES = 4;
