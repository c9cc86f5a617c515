/**
 * A store outside of Kafka that the members of a group write the effects of their records to.
 *
 * It keeps, for each group and partition, the highest fencing token that it has seen, on its disk, and refuses what comes with a lower
 * one: what a member that was thought dead still writes after another has taken its place. See "fencing token" in
 * Kleppmann, How to do distributed locking.
 */
import type { Connection, DiskOperation, Host, Message, Process, Timer } from "../../sim/host.ts";
import { NONE, partitionName } from "../ids.ts";
import { EffectRequest, EffectResponse } from "./effect-messages.ts";

export class EffectStore implements Process {
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  onStart(): void {
    this.host.listen();
  }

  onMessage(connection: Connection, message: Message): void {
    if (!(message instanceof EffectRequest)) return;
    const { id, group, partition, token } = message;
    const seen = this.host.disk.valueFile<number>(`tokens/${group}/${partitionName(partition.topic, partition.partition)}`);
    const highest = seen.read() ?? NONE;
    // What the disk does not take is not answered: the member asks again.
    if (token > highest && !seen.writeDurably(token)) return;
    this.host.send(connection, new EffectResponse(id, token >= highest));
  }

  onConnected(_connection: Connection): void {}

  onDisconnected(_connection: Connection): void {}

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    this.host.exit("store closed");
  }
}
