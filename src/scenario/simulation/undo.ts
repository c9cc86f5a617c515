/** How a fault ends: what has to be done so that things are as they were. */
import { unreachable } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { Link } from "../../sim/link.ts";
import type { CutDirection } from "../../sim/node-events.ts";
import type { World } from "../../sim/world.ts";

export type Undo =
  | { readonly undo: "restart" | "leave" | "resume" | "unstall-disk" | "repair-disk" | "empty-disk"; readonly node: NodeName }
  | { readonly undo: "quick-disk"; readonly node: NodeName; readonly byUs: Micros }
  | LinkUndo
  | { readonly undo: "clock"; readonly node: NodeName; readonly jumpUs: Micros; readonly driftPpm: number | undefined }
  | { readonly undo: "release" | "retire-edit"; readonly edit: string };

/** `mended` is how often the link had been mended before: what was mended since is no longer this fault's to undo. */
type LinkUndo = { readonly a: NodeName; readonly b: NodeName; readonly mended: number } & (
  | { readonly undo: "heal"; readonly direction: CutDirection }
  | { readonly undo: "unclog" }
  | { readonly undo: "quick-link"; readonly byUs: Micros }
);

/** Cuts the link between two nodes, and says how that ends. */
export function cut(world: World, a: NodeName, b: NodeName, direction: CutDirection): Undo {
  world.cut(a, b, direction);
  return { undo: "heal", a, b, direction, mended: linkOf(world, a, b).mended };
}

export function clog(world: World, a: NodeName, b: NodeName): Undo {
  world.clog(a, b);
  return { undo: "unclog", a, b, mended: linkOf(world, a, b).mended };
}

/** Slowness adds up, so that one fault's end leaves the other's. */
export function slowLink(world: World, a: NodeName, b: NodeName, byUs: Micros): Undo {
  const { slowedBy, mended } = linkOf(world, a, b);
  world.slowLink(a, b, slowedBy + byUs);
  return { undo: "quick-link", a, b, byUs, mended };
}

export function undo(world: World, what: Undo): void {
  switch (what.undo) {
    case "restart":
      world.start(what.node);
      return;
    case "leave":
      world.requestShutdown(what.node);
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
    case "unclog":
    case "quick-link":
      undoOnLink(world, what);
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

function undoOnLink(world: World, what: LinkUndo): void {
  const { a, b } = what;
  const { mended, slowedBy } = linkOf(world, a, b);
  if (mended !== what.mended) return;
  if (what.undo === "heal") world.heal(a, b, what.direction);
  else if (what.undo === "unclog") world.unclog(a, b);
  else world.slowLink(a, b, slowedBy - what.byUs);
}

function linkOf(world: World, a: NodeName, b: NodeName): Link {
  return world.network.link(world.node(a), world.node(b));
}
