/** Connections of an instance whose processes are few. */
const OF_INSTANCE = 10;

/** Connections that a process gets where there are some to spare: several transactions, and the queries beside them. */
const OF_PROCESS = 4;

/** Connections without which a process cannot work on two things at once. */
const OF_PROCESS_LEAST = 2;

/**
 * Connections of an instance at most: PostgreSQL's own default allows 97 from everyone, and a reload has two generations of
 * processes for a while.
 */
const OF_INSTANCE_MOST = 48;

/**
 * How many connections each of so many processes may open. Together they open {@link OF_INSTANCE_MOST} at most, but for an
 * operator who sets more than half as many processes.
 */
export function poolSize(processes: number): number {
  const share = Math.max(OF_PROCESS, Math.ceil(OF_INSTANCE / processes));
  return Math.max(OF_PROCESS_LEAST, Math.min(share, Math.floor(OF_INSTANCE_MOST / processes)));
}
