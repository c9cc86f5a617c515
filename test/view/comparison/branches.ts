/** A walk with branches: what would have been if the links had been healed in time, and what if a broker had crashed after that. */
import type { Branch } from "../../../src/walk/branch.ts";
import { complete } from "../../../src/walk/journey.ts";
import type { Walk } from "../../../src/walk/walk.ts";
import { stepAfter } from "../moments.ts";
import { bundledWalk } from "../walks.ts";

export interface Branched {
  readonly walk: Walk;
  readonly main: Branch;
  readonly healed: Branch;
  readonly crashed: Branch;
  /** One answer to one fetch of the metadata log was dropped: nobody has noticed. */
  readonly dropped: Branch;
}

export function branchedWalk(): Branched {
  const walk = bundledWalk("museum/replication/kip-966-last-replica-standing");
  const main = walk.branch;
  complete(walk.goTo(stepAfter(walk, 20)));
  const healed = complete(walk.act({ do: "heal", node: "all" }));
  complete(walk.goTo(stepAfter(walk, 25)));
  const crashed = complete(walk.act({ do: "crash", node: "broker-2" }));
  complete(walk.enter(main));
  complete(walk.goTo(stepAfter(walk, 5)));
  const [under] = walk.simulation.world.messagesUnderWay();
  if (under === undefined) throw new Error("a message is under way");
  const { message, from, to, nth } = under;
  const dropped = complete(walk.changeMessage({ message: message.kind, from, to, nth }, { do: "drop" }));
  return { walk, main, healed, crashed, dropped };
}
