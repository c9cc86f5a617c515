/**
 * MinIsrRespected: an acks=all write is only acknowledged by enough replicas.
 *
 * For every success that a broker answers with acks=all: the ISR that it found the records committed in (the maximal one,
 * KIP-497) has at least as many members as the topic's effective min.insync.replicas, as the controller knows it.
 *
 * Legal: an ISR that the controller has shrunk already, while the leader does not know of it yet.
 */
import type { Ghost } from "../ghost/ghost.ts";
import type { Invariant, Reporter } from "../invariant.ts";
import type { Observation } from "../observation.ts";

export class MinIsrRespected implements Invariant {
  readonly name = "MinIsrRespected";
  readonly promise = "An acks=all write is acknowledged only while the ISR has min.insync.replicas members.";
  readonly source = "min.insync.replicas in Kafka's documentation; Partition.checkEnoughReplicasReachOffset";
  readonly watches = ["ProduceSatisfied"] as const;

  observe({ event }: Observation, { partition }: Ghost, reporter: Reporter): void {
    if (event.kind !== "ProduceSatisfied" || event.acks !== -1 || partition === undefined) return;
    const { name, minIsr, stateStep, stateTime } = partition;
    if (event.isr.length >= minIsr || !reporter.isNew(this, name)) return;
    const { broker, baseOffset, isr } = event;
    reporter.report(this, {
      subject: name,
      partition: name,
      message: `${name}: broker ${broker} acknowledged offset ${baseOffset} with an ISR of [${isr.join(", ")}], below min.insync.replicas=${minIsr}`,
      facts: [
        { step: stateStep, timeUs: stateTime, text: `${name}: the controller's state has min.insync.replicas=${minIsr}` },
        reporter.now(`broker ${broker} answered acks=all with success while its ISR was [${isr.join(", ")}]`),
      ],
    });
  }
}
