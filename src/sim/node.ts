/**
 * A node: a machine with a disk and a clock, and the process that runs on it, if one does.
 *
 * The process is thrown away when it dies; disk and clock stay. So do the node's random streams: a restart goes on drawing
 * where the last incarnation stopped.
 */
import type { HostClock } from "./clock.ts";
import type { StoredDisk } from "./disk.ts";
import type { NodeName, Process } from "./host.ts";
import type { KernelHost } from "./kernel-host.ts";
import type { RandomStream } from "./random.ts";
import type { ScheduledEvent } from "./scheduled.ts";

/** Makes a node's process from its host. Shared by forks: it must hold nothing that changes. */
export interface ProcessFactory {
  create(host: KernelHost): Process;
}

export interface NodeSpec {
  readonly name: NodeName;
  /** Racks and data centres, for latencies by zone; the innermost first. */
  readonly zones?: readonly string[];
  readonly factory: ProcessFactory;
}

export class SimNode {
  readonly name: NodeName;
  /** Place in the order of creation. */
  readonly index: number;
  readonly zones: readonly string[];
  readonly factory: ProcessFactory;
  readonly disk: StoredDisk;
  readonly clock: HostClock;
  /** The handle of the running incarnation; undefined when nothing runs. */
  host: KernelHost | undefined;
  process: Process | undefined;
  incarnation = 0;
  /** False between a power loss and the next start. */
  powered = true;
  paused = false;
  /** It was asked to stop, and has not started again since. */
  stopping = false;
  /** A start came while it was stopping: it starts again as soon as it is down. */
  startsAgain = false;
  /** What should have happened here while it was paused, in order. */
  backlog: ScheduledEvent[] = [];
  /** Streams by purpose. */
  readonly streams = new Map<string, RandomStream>();

  constructor(spec: NodeSpec, index: number, disk: StoredDisk, clock: HostClock) {
    this.name = spec.name;
    this.index = index;
    this.zones = spec.zones ?? [];
    this.factory = spec.factory;
    this.disk = disk;
    this.clock = clock;
  }

  get running(): boolean {
    return this.process !== undefined;
  }
}
