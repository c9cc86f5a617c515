/**
 * Starts a server, or a member of a consumer group, again that has stopped by itself, after a rest: what systemd does on every machine
 * that runs Kafka.
 *
 * What was told to stop, and what a fault took down, is left alone: the fault, or whoever told it, starts it again or does not.
 */
import type { Micros } from "../../base/units.ts";
import type { NodeName } from "../../sim/host.ts";
import type { WorldAction } from "../../sim/scheduled.ts";
import type { World } from "../../sim/world.ts";

export class Supervisor {
  /** How long each rests; those that are not among them are not started. */
  private readonly rests: ReadonlyMap<NodeName, Micros>;
  /** Servers that will be started, each with the incarnation that stopped. */
  private readonly due = new Map<NodeName, number>();

  constructor(rests: ReadonlyMap<NodeName, Micros>) {
    this.rests = rests;
  }

  /** A process has exited. */
  onExited(world: World, name: NodeName): void {
    const { stopping, incarnation } = world.node(name);
    const restUs = this.rests.get(name);
    if (restUs === undefined || stopping) return;
    this.due.set(name, incarnation);
    world.do(restUs, new StartAgain(this, name, incarnation));
  }

  /** It is taken down, or told to stop: it is no more for the supervisor to start. */
  leave(name: NodeName): void {
    this.due.delete(name);
  }

  startAgain(world: World, name: NodeName, incarnation: number): void {
    if (this.due.get(name) !== incarnation) return;
    this.due.delete(name);
    // Somebody else may have started it meanwhile.
    if (world.node(name).incarnation === incarnation) world.start(name);
  }
}

class StartAgain implements WorldAction {
  readonly label = "supervisor";
  private readonly supervisor: Supervisor;
  private readonly name: NodeName;
  private readonly incarnation: number;

  constructor(supervisor: Supervisor, name: NodeName, incarnation: number) {
    this.supervisor = supervisor;
    this.name = name;
    this.incarnation = incarnation;
  }

  run(world: World): void {
    this.supervisor.startAgain(world, this.name, this.incarnation);
  }
}
