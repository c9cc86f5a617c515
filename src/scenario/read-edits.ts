/** Reads what was changed by hand in a run, and writes it as it would be read again. */
import type { Micros } from "../base/units.ts";
import type { NodeName } from "../sim/host.ts";
import { ADMIN_NODE, type ScenarioNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import type { Complaint } from "./problem-sink.ts";
import { durationText, exactDurationText, quote } from "./quantities.ts";
import { readMessagePattern } from "./read-patterns.ts";
import type { DeliveryRef, MessageEdit, MomentAction, RunEdit, RunMoment } from "./run-edit.ts";
import type { WrittenEdit } from "./schema/edits.ts";
import type { Path } from "./source.ts";

export interface EditSurroundings {
  readonly names: ScenarioNames;
  readonly producers: readonly NodeName[];
  /** The last moment of the run. */
  readonly endUs: Micros;
}

const ON_MESSAGES = ["drop", "delay", "hold", "duplicate"] as const;
const ON_ONE_NODE = ["crash", "power-loss", "pause", "resume", "restart", "stop", "isolate"] as const;
const AT_A_MOMENT = [...ON_ONE_NODE, "cut", "heal", "produce", "release"] as const;
type Key = (typeof ON_MESSAGES)[number] | (typeof AT_A_MOMENT)[number];

/** Those that are right; the others have been complained about. */
export function readEdits(written: readonly WrittenEdit[], around: EditSurroundings): readonly RunEdit[] {
  return written.map((edit, index) => new EditReader(edit, ["edits", index], around).read()).filter((edit) => edit !== undefined);
}

class EditReader {
  private readonly edit: WrittenEdit;
  private readonly path: Path;
  private readonly around: EditSurroundings;

  constructor(edit: WrittenEdit, path: Path, around: EditSurroundings) {
    this.edit = edit;
    this.path = path;
    this.around = around;
  }

  read(): RunEdit | undefined {
    const [key, second] = [...ON_MESSAGES, ...AT_A_MOMENT].filter((each) => this.edit[each] !== undefined);
    if (key === undefined) {
      const hint = "add an action, such as `crash: broker-1` or `drop: { message: Fetch, nth: 7, from: broker-2, to: broker-1 }`";
      return this.complain([], { code: "MISSING_KEY", message: "what does this edit change?", hint });
    }
    if (second !== undefined) {
      const message = `an edit changes one thing, and this one has ${quote(key)} and ${quote(second)}`;
      return this.complain([second], { code: "CONTRADICTION", message, hint: "make two edits of it" }, "key");
    }
    const stray = this.strayKey(key);
    if (stray !== undefined) return this.complain([stray.key], { code: "CONTRADICTION", ...stray }, "key");
    return (ON_MESSAGES as readonly string[]).includes(key)
      ? this.readMessageEdit(key as (typeof ON_MESSAGES)[number])
      : this.readMomentEdit(key as (typeof AT_A_MOMENT)[number]);
  }

  /** A key that says nothing about this action. */
  private strayKey(action: Key): { readonly key: string; readonly message: string; readonly hint: string } | undefined {
    const { at, behind, from } = this.edit;
    if (from !== undefined && action !== "cut")
      return { key: "from", message: `\`from\` belongs to \`cut\`, and this is ${quote(action)}`, hint: "leave it out" };
    if (!(ON_MESSAGES as readonly string[]).includes(action)) return undefined;
    const key = at !== undefined ? "at" : "behind";
    if (at === undefined && behind === undefined) return undefined;
    const message = `a message is meant by its name, whenever it is sent, so ${quote(key)} says nothing`;
    return { key, message, hint: "leave it out" };
  }

  private readMessageEdit(key: (typeof ON_MESSAGES)[number]): MessageEdit | undefined {
    const delivery = this.readDelivery(key);
    if (delivery === undefined) return undefined;
    const change = key === "delay" ? { do: key, byUs: this.edit.delay?.by ?? 0 } : { do: key };
    return { kind: "message", delivery, change };
  }

  private readMomentEdit(key: (typeof AT_A_MOMENT)[number]): RunEdit | undefined {
    const moment = this.readMoment(key);
    const action = this.readAction(key);
    return moment && action && { kind: "moment", moment, action };
  }

  private readMoment(key: string): RunMoment | undefined {
    const { at, behind = 0 } = this.edit;
    const { endUs } = this.around;
    if (at === undefined) {
      const complaint = { code: "MISSING_KEY", message: "when is this done?", hint: "add `at: 5s`" } as const;
      return this.complain([key], complaint, "key");
    }
    if (at > endUs) {
      const message = `it is done at ${exactDurationText(at)}, when the run is over (it ends at ${durationText(endUs)})`;
      return this.complain(["at"], { code: "IMPOSSIBLE", message, hint: "raise run.for, or lower `at`" });
    }
    return { timeUs: at, steps: behind };
  }

  private readAction(key: (typeof AT_A_MOMENT)[number]): MomentAction | undefined {
    if (key === "release") {
      const delivery = this.readDelivery(key);
      return delivery && { do: key, delivery };
    }
    if (key === "heal" && this.edit.heal === "all") return { do: key, node: "all" };
    const node = this.readNode(this.edit[key] ?? "", [key]);
    if (node === undefined) return undefined;
    if (key === "produce") return this.readProduce(node);
    return key === "cut" ? this.readCut(node) : { do: key, node };
  }

  private readCut(node: NodeName): MomentAction | undefined {
    const { from } = this.edit;
    if (from === undefined) {
      const hint = "add `from: broker-2`, or write `isolate` for everyone";
      return this.complain(["cut"], { code: "MISSING_KEY", message: "cut off from whom?", hint }, "key");
    }
    if (from === node) {
      const message = `${node} can't be cut off from itself`;
      return this.complain(["from"], { code: "IMPOSSIBLE", message, hint: "name another node" });
    }
    const other = this.readNode(from, ["from"]);
    return other === undefined ? undefined : { do: "cut", node, from: other };
  }

  private readProduce(node: NodeName): MomentAction | undefined {
    const { producers } = this.around;
    if (producers.includes(node)) return { do: "produce", node };
    const guess = nearest(node, producers);
    let hint = guess === undefined ? `the producers are ${producers.join(", ")}` : `did you mean ${guess}?`;
    if (producers.length === 0) hint = "there is none: add it to producers";
    return this.complain(["produce"], { code: "WRONG_VALUE", message: `${quote(node)} is not a producer`, hint });
  }

  private readDelivery(key: (typeof ON_MESSAGES)[number] | "release"): DeliveryRef | undefined {
    const written = this.edit[key];
    if (written === undefined) return undefined;
    const { message, nth } = written;
    const pattern = readMessagePattern({ message }, [...this.path, key], this.around.names);
    const from = this.readNode(written.from, [key, "from"]);
    const to = this.readNode(written.to, [key, "to"]);
    if (pattern === undefined || from === undefined || to === undefined) return undefined;
    return { message: pattern.kind, from, to, nth };
  }

  private readNode(name: string, at: Path): NodeName | undefined {
    const { names } = this.around;
    if (names.everyone.includes(name) || name === ADMIN_NODE) return name;
    const path: Path = [...this.path, ...at];
    const isRole = /\(.*\)$/.test(name) || names.isWordForNodes(name);
    if (!isRole) names.unknownNode(name, path);
    else {
      const hint = `an edit names its node, such as ${names.everyone[0]}`;
      names.sink.add(path, { code: "WRONG_VALUE", message: `${quote(name)} is not the name of a node`, hint });
    }
    return undefined;
  }

  private complain(at: Path, complaint: Complaint, part: "key" | "value" = "value"): undefined {
    this.around.names.sink.add([...this.path, ...at], complaint, part);
  }
}

/** As plain data, in the language of a scenario file. */
export function writeEdits(edits: readonly RunEdit[]): readonly object[] {
  return edits.map((edit) => {
    if (edit.kind === "message") {
      const { change } = edit;
      return {
        [change.do]: { ...writeDelivery(edit.delivery), ...(change.do === "delay" && { by: exactDurationText(change.byUs) }) },
      };
    }
    const { timeUs, steps } = edit.moment;
    return { at: exactDurationText(timeUs), ...(steps > 0 && { behind: steps }), ...writeAction(edit.action) };
  });
}

function writeAction(action: MomentAction): object {
  if (action.do === "release") return { release: writeDelivery(action.delivery) };
  return { [action.do]: action.node, ...(action.do === "cut" && { from: action.from }) };
}

/** In the order of *the 412th Fetch from broker-2 to broker-1*. */
function writeDelivery({ message, nth, from, to }: DeliveryRef): object {
  return { message, nth, from, to };
}
