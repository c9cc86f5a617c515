/** Which epochs the records of a log were written in. */
import type { LeaderEpoch, Offset } from "../../kafka/ids.ts";
import type { StoredLog } from "../../kafka/log/stored-log.ts";
import type { EpochRun, OffsetRange } from "./scene.ts";

/** A log is looked at in about so many places; between two that are of one epoch, all is taken to be of it. */
const PROBES_MAX = 512;

export function epochRuns(log: StoredLog, { from, to }: OffsetRange): readonly EpochRun[] {
  const stride = Math.max(1, Math.floor((to - from) / PROBES_MAX));
  const runs: { from: Offset; to: Offset; epoch: LeaderEpoch }[] = [];
  let offset = from;
  while (offset < to) {
    const batch = log.batchContaining(offset);
    const epoch = batch?.partitionLeaderEpoch ?? -1;
    const known = batch?.nextOffset ?? offset + 1;
    const probe = offset + stride;
    const end = Math.min(to, probe <= known ? known : endOfEpoch(log, epoch, { from: known, to: Math.min(to, probe) }));
    const last = runs.at(-1);
    if (last?.epoch === epoch) last.to = end;
    else runs.push({ from: offset, to: end, epoch });
    offset = end;
  }
  return runs;
}

/** The first offset of `range` that is not of `epoch`; its end if there is none. */
function endOfEpoch(log: StoredLog, epoch: LeaderEpoch, range: OffsetRange): Offset {
  if (range.from >= range.to || log.epochAt(range.to - 1) === epoch) return range.to;
  let [low, high] = [range.from, range.to - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log.epochAt(middle) === epoch) low = middle + 1;
    else high = middle;
  }
  return low;
}
