/**
 * Since when nothing has been done to the cluster: what promises that hold "after a while" count from.
 *
 * A process that stays down does not keep the rest from settling. A link that is cut, or a process that stands still, may, and
 * so does the lack of a majority of those who decide: nothing is demanded meanwhile.
 */
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { Ghost } from "./ghost.ts";

export class Quiet {
  /** The last time that a process started or ended, stood still or went on, or a link was cut or healed. */
  since: Micros = 0;

  onDisturbed(timeUs: Micros): void {
    this.since = timeUs;
  }

  /** How long `what`, which has been so since `began`, has been so in quiet, up to `now`; 0 while something is disturbed. */
  lasted(ghost: Ghost, began: Micros, now: Micros): Micros {
    return this.isDisturbed(ghost) ? 0 : now - Math.max(began, this.since);
  }

  private isDisturbed(ghost: Ghost): boolean {
    const { links, nodes, ensemble, quorum } = ghost;
    if (!links.areWhole) return true;
    for (const node of nodes.values()) if (node.paused) return true;
    const voters = quorum.nodes.filter(({ voter }) => voter);
    return lacksMajority(ensemble.servers, ghost) || lacksMajority(voters, ghost);
  }
}

function lacksMajority(members: readonly { readonly node: NodeName | undefined }[], ghost: Ghost): boolean {
  const up = members.filter(({ node }) => ghost.isUp(node)).length;
  return members.length > 0 && up * 2 <= members.length;
}
