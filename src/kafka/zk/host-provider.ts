/**
 * Which server a client tries next: all of them in turn, in an order of its own. Source: StaticHostProvider.
 */
import { fail } from "../../base/assert.ts";
import type { NodeName } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";

export class HostProvider {
  private servers: readonly NodeName[];
  private index = -1;
  /** The one that it was connected to last, or tried first. */
  private last = -1;

  constructor(servers: readonly NodeName[]) {
    this.servers = servers;
  }

  /** In an order that it draws. */
  startOver(random: RandomStream): void {
    this.servers = random.shuffled(this.servers);
    this.index = -1;
    this.last = -1;
  }

  get size(): number {
    return this.servers.length;
  }

  get current(): NodeName {
    return this.servers[this.index] ?? fail("no server has been chosen");
  }

  /** Goes on to the next server. True if all have been tried since the last connection: then there is no hurry. */
  next(): boolean {
    this.index = (this.index + 1) % this.servers.length;
    const round = this.index === this.last;
    if (this.last === -1) this.last = 0;
    return round;
  }

  onConnected(): void {
    this.last = this.index;
  }
}
