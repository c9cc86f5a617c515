/** For how long could a producer not write: the longest stretch without an acknowledgement while it had something to send. */
import type { Micros } from "../base/units.ts";
import type { NodeName } from "../sim/host.ts";
import type { Ghost } from "./ghost/ghost.ts";

/**
 * A record that fails ends nothing: the stretch goes on to the next acknowledgement. If there is none, and nothing is left
 * to send, it ended with the last failure.
 */
export interface Outage {
  readonly client: NodeName;
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** The longest stretch of each producer up to `timeUs`, in order of their first record. */
export function outages(ghost: Ghost, timeUs: Micros): Outage[] {
  const found: Outage[] = [];
  for (const client of ghost.clients.values()) {
    const { fromUs, toUs } = client.longestOutage(timeUs);
    if (toUs > fromUs) found.push({ client: client.name, fromUs, toUs });
  }
  return found;
}

/** The longest of all; undefined if nobody ever waited. */
export function longestOutage(ghost: Ghost, timeUs: Micros): Outage | undefined {
  let longest: Outage | undefined;
  for (const outage of outages(ghost, timeUs)) {
    if (longest === undefined || outage.toUs - outage.fromUs > longest.toUs - longest.fromUs) longest = outage;
  }
  return longest;
}
