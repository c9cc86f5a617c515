/** One fetcher for each leader that this broker follows in something. Source: ReplicaFetcherManager. */
import type { BrokerId } from "../ids.ts";
import type { HostedPartitions } from "./hosted-partitions.ts";
import type { Partition } from "./partition.ts";
import type { ReplicaContext } from "./replica-context.ts";
import { ReplicaFetcher } from "./replica-fetcher.ts";

export class ReplicaFetchers {
  private readonly context: ReplicaContext;
  private readonly hosted: HostedPartitions;
  /** By leader, in order of first need. */
  private readonly byLeader = new Map<BrokerId, ReplicaFetcher>();

  constructor(context: ReplicaContext, hosted: HostedPartitions) {
    this.context = context;
    this.hosted = hosted;
  }

  /** From the partition's leader, if there is one and it is known. It does not ask before it is woken. */
  add(partition: Partition): void {
    const { leader } = partition.replica;
    const node = this.context.topology.brokers.find(({ id }) => id === leader)?.node;
    if (node === undefined || this.context.metadata.broker(leader) === undefined) return;
    let fetcher = this.byLeader.get(leader);
    if (fetcher === undefined) {
      fetcher = new ReplicaFetcher(this.context, this.hosted, node);
      this.byLeader.set(leader, fetcher);
    }
    fetcher.add(partition);
  }

  remove(partition: Partition): void {
    for (const fetcher of this.byLeader.values()) fetcher.remove(partition);
  }

  /** Whether the partition is copied from its leader, or will be. */
  has(partition: Partition): boolean {
    for (const fetcher of this.byLeader.values()) if (fetcher.has(partition)) return true;
    return false;
  }

  /** All that one leader has for us goes into one request. */
  wake(): void {
    for (const fetcher of this.byLeader.values()) fetcher.wake();
  }

  closeIdle(): void {
    for (const [leader, fetcher] of this.byLeader) {
      if (!fetcher.isIdle) continue;
      fetcher.close();
      this.byLeader.delete(leader);
    }
  }

  close(): void {
    for (const fetcher of this.byLeader.values()) fetcher.close();
    this.byLeader.clear();
  }
}
