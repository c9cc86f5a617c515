/** Carries out the actions of a fault on the world, and says how each is undone. */
import { unreachable } from "../../base/assert.ts";
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { WorldAction } from "../../sim/scheduled.ts";
import type { World } from "../../sim/world.ts";
import type { AdminAction, FaultAction, MessageAction, Nodes } from "../fault-spec.ts";
import { contentFilterOf } from "./message-content-filter.ts";
import { clog, cut, slowLink, type Undo } from "./undo.ts";

/** What an action needs besides the world. */
export interface FaultSurroundings {
  /** The nodes that are meant at this moment. */
  resolve(nodes: Nodes): readonly NodeName[];
  administer(world: World, action: AdminAction): void;
  /** A fault takes a server down: nobody else is to start it again. */
  leaveDown(node: NodeName): void;
}

/** What the edits that a fault attaches are called. */
export function editName(fault: number): string {
  return `fault ${fault}`;
}

/** Carries out `action`; returns how to undo it, in order. */
export function carryOut(world: World, around: FaultSurroundings, action: FaultAction, fault: number): readonly Undo[] {
  switch (action.do) {
    case "crash":
    case "power-loss":
    case "stop":
    case "restart":
    case "pause":
    case "resume":
    case "wipe":
      return around.resolve(action.nodes).flatMap((node) => onProcess(world, around, action, node));
    case "roll":
      for (const [index, node] of around.resolve(action.nodes).entries())
        world.do(index * action.everyUs, new RollOne(around, node, action.downUs));
      return [];
    case "cut":
    case "isolate":
    case "heal":
    case "reset":
    case "clog":
    case "slow-link":
      return onLinks(world, around, action);
    case "slow-disk":
    case "stall-disk":
    case "fail-disk":
    case "fill-disk":
    case "repair-disk":
    case "corrupt":
    case "sync":
      return around.resolve(action.nodes).flatMap((node) => onDisk(world, action, node));
    case "clock": {
      const { jumpUs, driftPpm } = action;
      return around.resolve(action.nodes).map((node) => {
        const before = world.node(node).clock.driftPpm;
        world.adjustClock(node, { jump: jumpUs, ...(driftPpm !== undefined && { driftPpm }) });
        return { undo: "clock", node, jumpUs: -jumpUs, driftPpm: driftPpm === undefined ? undefined : before };
      });
    }
    case "elect":
    case "create-topic":
    case "add-partitions":
    case "delete-topic":
    case "reassign":
    case "delete-znode":
      around.administer(world, action);
      return [];
    case "drop":
    case "delay":
    case "hold":
    case "duplicate":
    case "reorder":
      return onMessages(world, around, action, editName(fault));
    case "release":
      if (action.of === 0) world.releaseAll();
      else world.release(editName(action.of));
      return [];
    default:
      return unreachable(action);
  }
}

const TAKING_DOWN: readonly ProcessAction["do"][] = ["crash", "power-loss", "stop", "wipe"];

type ProcessAction = Extract<FaultAction, { do: "crash" | "power-loss" | "stop" | "restart" | "pause" | "resume" | "wipe" }>;

function onProcess(world: World, around: FaultSurroundings, action: ProcessAction, node: NodeName): Undo[] {
  if (TAKING_DOWN.includes(action.do)) around.leaveDown(node);
  switch (action.do) {
    case "crash":
      world.crash(node);
      return [{ undo: "restart", node }];
    case "power-loss":
      world.losePower(node, action.tail);
      return [{ undo: "restart", node }];
    case "stop":
      world.requestShutdown(node);
      return [{ undo: "restart", node }];
    case "restart":
      world.start(node);
      return [];
    case "pause":
      world.pause(node);
      return [{ undo: "resume", node }];
    case "resume":
      world.resume(node);
      return [];
    case "wipe":
      // A machine whose disk is replaced does not run meanwhile.
      world.crash(node);
      world.wipe(node);
      return [];
  }
}

/** Stops one node of a rolling deploy, and starts it again; one that takes longer to stop is started when it has. */
class RollOne implements WorldAction {
  readonly label: string;
  private readonly around: FaultSurroundings;
  private readonly node: NodeName;
  private readonly downUs: Micros;

  constructor(around: FaultSurroundings, node: NodeName, downUs: Micros) {
    this.around = around;
    this.node = node;
    this.downUs = downUs;
    this.label = `roll ${node}`;
  }

  run(world: World): void {
    // One that is down already is somebody else's to start.
    if (!world.node(this.node).running) return;
    this.around.leaveDown(this.node);
    world.requestShutdown(this.node);
    world.start(this.node, this.downUs);
  }
}

type LinkAction = Extract<FaultAction, { do: "cut" | "isolate" | "heal" | "reset" | "clog" | "slow-link" }>;

function onLinks(world: World, around: FaultSurroundings, action: LinkAction): Undo[] {
  const nodes = around.resolve(action.nodes);
  switch (action.do) {
    case "heal":
      if (nodes.length === [...world.nodes()].length) world.healAll();
      else for (const node of nodes) world.healAll(node);
      return [];
    case "cut": {
      const { direction } = action;
      const from = around.resolve(action.from);
      return (direction === "both" ? links(nodes, from) : pairs(nodes, from)).map(([a, b]) => cut(world, a, b, direction));
    }
    case "isolate":
      return links(nodes, everybody(world)).map(([a, b]) => cut(world, a, b, "both"));
    default: {
      const to = action.to === undefined ? everybody(world) : around.resolve(action.to);
      return links(nodes, to).flatMap(([a, b]): Undo[] => {
        if (action.do === "clog") return [clog(world, a, b)];
        if (action.do === "slow-link") return [slowLink(world, a, b, action.byUs)];
        world.resetConnections(a, b);
        return [];
      });
    }
  }
}

type DiskAction = Extract<
  FaultAction,
  { do: "slow-disk" | "stall-disk" | "fail-disk" | "fill-disk" | "repair-disk" | "corrupt" | "sync" }
>;

function onDisk(world: World, action: DiskAction, node: NodeName): Undo[] {
  const { disk } = world.node(node);
  switch (action.do) {
    case "slow-disk":
      disk.slowDown(disk.slowedBy + action.byUs);
      return [{ undo: "quick-disk", node, byUs: action.byUs }];
    case "stall-disk":
      world.stallDisk(node, true);
      return [{ undo: "unstall-disk", node }];
    case "fail-disk":
      disk.failIo(true);
      return [{ undo: "repair-disk", node }];
    case "fill-disk":
      disk.fill(true);
      return [{ undo: "empty-disk", node }];
    case "repair-disk":
      disk.slowDown(0);
      disk.failIo(false);
      disk.fill(false);
      world.stallDisk(node, false);
      return [];
    case "corrupt":
      disk.corruptTail(action.path);
      return [];
    case "sync":
      disk.writeBack(0);
      return [];
  }
}

function onMessages(world: World, around: FaultSurroundings, action: MessageAction, name: string): Undo[] {
  const { pattern, nth, times, byUs } = action;
  world.addEdit({
    name,
    pattern: {
      kind: pattern.kind,
      ...(pattern.from !== undefined && { from: around.resolve(pattern.from) }),
      ...(pattern.to !== undefined && { to: around.resolve(pattern.to) }),
      ...contentFilterOf(pattern),
    },
    action: action.do === "delay" || action.do === "reorder" ? { do: action.do, byUs } : { do: action.do },
    skip: nth - 1,
    times: times === "all" ? Number.POSITIVE_INFINITY : times,
  });
  return [{ undo: action.do === "hold" ? "release" : "retire-edit", edit: name }];
}

function pairs(as: readonly NodeName[], bs: readonly NodeName[]): [NodeName, NodeName][] {
  return as.flatMap((a) => bs.filter((b) => b !== a).map((b): [NodeName, NodeName] => [a, b]));
}

/** As pairs(), but each link once, whichever end comes first. */
function links(as: readonly NodeName[], bs: readonly NodeName[]): [NodeName, NodeName][] {
  return pairs(as, bs).filter(([a, b], index, all) => !all.slice(0, index).some(([x, y]) => x === b && y === a));
}

function everybody(world: World): NodeName[] {
  return [...world.nodes()].map((node) => node.name);
}
