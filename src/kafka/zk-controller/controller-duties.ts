/**
 * What a controller does besides being elected and watching brokers.
 *
 * Several do the same thing at the same time, in this order: reassignments resume before deletions, and those before elections.
 */
import { AlterPartitionDuty } from "./alter-partition.ts";
import { LeaderRebalanceDuty } from "./auto-leader-rebalance.ts";
import { ControlledShutdownDuty } from "./controlled-shutdown.ts";
import type { ControllerCore, ControllerDuty } from "./controller-core.ts";
import { IsrChangeNotificationDuty } from "./isr-change-notification.ts";
import { LogDirEventNotificationDuty } from "./log-dir-event-notification.ts";
import { NewPartitionsDuty } from "./new-partitions.ts";
import { ReassignmentDuty } from "./reassignment.ts";
import { TopicDeletionDuty } from "./topic-deletion.ts";

export function controllerDuties(core: ControllerCore): readonly ControllerDuty[] {
  return [
    new ReassignmentDuty(core),
    new TopicDeletionDuty(core),
    new LeaderRebalanceDuty(core),
    new NewPartitionsDuty(core),
    new IsrChangeNotificationDuty(core),
    new LogDirEventNotificationDuty(core),
    new AlterPartitionDuty(core),
    new ControlledShutdownDuty(core),
  ];
}
