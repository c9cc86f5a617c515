/** What waits in the queue: something that will happen, and the step that caused it. */
import type { KernelHost } from "./kernel-host.ts";
import type { SimNode } from "./node.ts";
import type { World } from "./world.ts";

export abstract class ScheduledEvent {
  /** The step that scheduled it; 0 for what was scheduled before the run began. */
  readonly cause: number;

  constructor(cause: number) {
    this.cause = cause;
  }

  /** Makes it happen. Opens a step in the trace, unless it turns out that nothing happens. */
  abstract run(world: World): void;
}

/** Something done to the world from outside: a fault, a heal, a start. Data with a `run`; its class is shared by forks, its fields are copied. */
export interface WorldAction {
  /** Shown in the trace: `crash`. */
  readonly label: string;
  run(world: World): void;
}

export class ActionDue extends ScheduledEvent {
  private readonly action: WorldAction;

  constructor(cause: number, action: WorldAction) {
    super(cause);
    this.action = action;
  }

  run(world: World): void {
    world.trace.open(world.time, undefined, "action", this.action.label, this.cause);
    this.action.run(world);
  }
}

/** A process is due to start. */
export class StartDue extends ScheduledEvent {
  private readonly node: SimNode;

  constructor(cause: number, node: SimNode) {
    super(cause);
    this.node = node;
  }

  run(world: World): void {
    world.startNow(this.node, this.cause);
  }
}

/** A process is asked to stop by itself. */
export class ShutdownDue extends ScheduledEvent {
  private readonly host: KernelHost;

  constructor(cause: number, host: KernelHost) {
    super(cause);
    this.host = host;
  }

  run(world: World): void {
    const { host } = this;
    if (!host.alive) return;
    if (host.node.paused) {
      host.node.backlog.push(this);
      return;
    }
    world.trace.open(world.time, host.node, "action", "shutdown", this.cause);
    host.node.process?.onShutdownRequested();
  }
}
