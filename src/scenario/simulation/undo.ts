/** How a fault ends: what has to be done so that things are as they were. */
import { unreachable } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { CutDirection } from "../../sim/node-events.ts";
import type { World } from "../../sim/world.ts";

export type Undo =
  | { readonly undo: "restart" | "resume" | "unstall-disk" | "repair-disk" | "empty-disk"; readonly node: NodeName }
  | { readonly undo: "quick-disk"; readonly node: NodeName; readonly byUs: Micros }
  | { readonly undo: "heal"; readonly a: NodeName; readonly b: NodeName; readonly direction: CutDirection }
  | { readonly undo: "unclog"; readonly a: NodeName; readonly b: NodeName }
  | { readonly undo: "quick-link"; readonly a: NodeName; readonly b: NodeName; readonly byUs: Micros }
  | { readonly undo: "clock"; readonly node: NodeName; readonly jumpUs: Micros; readonly driftPpm: number | undefined }
  | { readonly undo: "release" | "retire-edit"; readonly edit: string };

export function undo(world: World, what: Undo): void {
  switch (what.undo) {
    case "restart":
      world.start(what.node);
      return;
    case "resume":
      world.resume(what.node);
      return;
    case "quick-disk": {
      const { disk } = world.node(what.node);
      // It may have been repaired meanwhile.
      disk.slowDown(Math.max(0, disk.slowedBy - what.byUs));
      return;
    }
    case "unstall-disk":
      world.stallDisk(what.node, false);
      return;
    case "repair-disk":
      world.node(what.node).disk.failIo(false);
      return;
    case "empty-disk":
      world.node(what.node).disk.fill(false);
      return;
    case "heal":
      world.heal(what.a, what.b, what.direction);
      return;
    case "unclog":
      world.unclog(what.a, what.b);
      return;
    case "quick-link":
      slowLinkFurther(world, what.a, what.b, -what.byUs);
      return;
    case "clock":
      world.adjustClock(what.node, { jump: what.jumpUs, ...(what.driftPpm !== undefined && { driftPpm: what.driftPpm }) });
      return;
    case "release":
      world.release(what.edit);
      return;
    case "retire-edit":
      world.retireEdit(what.edit);
      return;
    default:
      unreachable(what);
  }
}

/** Slowness adds up, so that one fault's end leaves the other's. It may have been healed meanwhile. */
export function slowLinkFurther(world: World, a: NodeName, b: NodeName, by: Micros): void {
  const { slowedBy } = world.network.link(world.node(a), world.node(b));
  world.slowLink(a, b, Math.max(0, slowedBy + by));
}
