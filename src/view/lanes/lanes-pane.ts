/** The lanes: every replica of the chosen partition, what it holds, and what it is. */
import { describeWatched, type WatchedValue } from "../../walk/watched-value.ts";
import { type Line, type Span, span } from "../line.ts";
import type { Item, Pane } from "../pane.ts";
import { laneLines } from "./lane-lines.ts";
import { readLanes } from "./read-scene.ts";
import type { CommittedState, Lane, LanesScene } from "./scene.ts";

export const lanesPane: Pane<LanesScene> = {
  id: "lanes",
  name: "replicas",
  scene: readLanes,
  items: lanesItems,
  title: lanesTitle,
  lines: laneLines,
  summary: lanesSummary,
};

function lanesItems({ partition, state, lanes }: LanesScene): readonly Item[] {
  if (state === undefined) return [];
  const fact = (id: string, what: "leader" | "isr" | "leader epoch"): Item => {
    const watched: WatchedValue = { what, ...partition };
    return { id, label: describeWatched(watched), subject: { kind: "value" }, watched };
  };
  return [
    fact("leader", "leader"),
    fact("ISR", "isr"),
    fact("leader epoch", "leader epoch"),
    ...lanes.flatMap((lane) => laneItems(lane, partition)),
  ];
}

function laneItems({ broker, node }: Lane, partition: LanesScene["partition"]): readonly Item[] {
  const subject = { kind: "server", node } as const;
  const value = (what: "log end" | "high watermark"): Item => {
    const watched: WatchedValue = { what, broker, ...partition };
    return { id: `${node} ${what}`, label: describeWatched(watched), subject, watched };
  };
  return [{ id: node, label: node, subject, watched: { what: "state", node } }, value("log end"), value("high watermark")];
}

function lanesTitle({ name, absence, state }: LanesScene): Line {
  if (state === undefined) return [span(name, "title"), span(` · ${absence}`)];
  return [span(name, "title"), ...stateSpans(state)];
}

function stateSpans({ leader, leaderName, leaderEpoch, isr, elr, lastKnownElr, minIsr }: CommittedState): readonly Span[] {
  const spans: Span[] = [leader < 0 ? span(" · no leader", "bad") : span(` · leader ${leaderName ?? leader}`)];
  spans.push(span(` · epoch ${leaderEpoch}`), span(` · ISR ${isr.join(" ") || "∅"}`));
  if (elr.length > 0) spans.push(span(` · ELR ${elr.join(" ")}`));
  if (lastKnownElr.length > 0) spans.push(span(` · last known ELR ${lastKnownElr.join(" ")}`));
  if (isr.length < minIsr) spans.push(span(` · below min ISR ${minIsr}`, "warning"));
  return spans;
}

function lanesSummary(scene: LanesScene): Line {
  const { lanes, losses } = scene;
  if (scene.state === undefined) return lanesTitle(scene);
  const ends = lanes.map(({ logEnd }) => logEnd).join("/");
  const marks = lanes.map(({ highWatermark }) => highWatermark).join("/");
  const lost = losses.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return [...lanesTitle(scene), span(` · LEO ${ends} · HW ${marks}`), ...(lost > 0 ? [span(` · ✗ ${lost} lost`, "bad")] : [])];
}
