/** What the parts of the controller share about their writes to the store. */
import type { Step } from "../zk/procedure.ts";
import { controllerMoved, type EpochFence, writeResult } from "../zk/store-requests.ts";
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControllerCore } from "./controller-core.ts";

/** By what this controller's writes are fenced, if they are (KAFKA-6082, 2.1). */
export function epochFence({ dials, context }: ControllerCore): EpochFence {
  return dials["zk.fenceWritesWithControllerEpoch"] ? context.epochZkVersion : undefined;
}

/** The end of the handler if any of these writes was refused, but for reasons that the caller puts up with. */
export function writesRefused(answers: readonly ZkResponse[], ...tolerated: readonly ZkError[]): Step | undefined {
  if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
  const failed = answers.some((answer) => {
    const { error } = writeResult(answer);
    return error !== "OK" && !tolerated.includes(error);
  });
  return failed ? { kind: "abort", reason: "failed" } : undefined;
}
