/** The assignors of the classic protocol, by the names that members agree on (`partition.assignment.strategy`). */
import type { Assignor } from "./assignor.ts";
import { CooperativeStickyAssignor } from "./cooperative-sticky-assignor.ts";
import { RangeAssignor } from "./range-assignor.ts";
import { RoundRobinAssignor } from "./round-robin-assignor.ts";
import { StickyAssignor } from "./sticky-assignor.ts";

export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map<string, Assignor>(
  [new RangeAssignor(), new RoundRobinAssignor(), new StickyAssignor(), new CooperativeStickyAssignor()].map((assignor) => [
    assignor.name,
    assignor,
  ]),
);

export function assignorNamed(name: string): Assignor | undefined {
  return ASSIGNORS.get(name);
}
