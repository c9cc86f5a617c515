/** The schema of what was changed by hand in a run. */
import { z } from "zod";
import { duration } from "./cluster.ts";
import { MESSAGE_KINDS } from "./faults.ts";
import { object, wholeNumber, word } from "./kit.ts";

function node(description: string) {
  return z.string({ error: () => "this must be the name of one node, such as broker-1" }).describe(description);
}

const ONE_MESSAGE_SHAPE = {
  message: word("Its kind, as in faults.", MESSAGE_KINDS as unknown as readonly [string, ...string[]]),
  nth: wholeNumber("It is the nth of its kind from that node to that other one, counted from the start of the run: 1, 2, …", 1),
  from: node("Its sender."),
  to: node("Its receiver."),
};

function oneMessage(description: string) {
  return object("one message", description, ONE_MESSAGE_SHAPE).optional();
}

const EDIT_SCHEMA = object("an edit", "One change: of a message, or of a node at a moment.", {
  drop: oneMessage("It never arrives."),
  delay: object("one message", "It arrives later; what is sent behind it waits for it.", {
    ...ONE_MESSAGE_SHAPE,
    by: duration("How much later."),
  }).optional(),
  hold: oneMessage("It does not arrive until it is released."),
  duplicate: oneMessage("It arrives twice."),

  at: duration("The moment at which the rest is done.").optional(),
  behind: wholeNumber("Behind so many steps of that moment. Default: 0, before them all.", 0).optional(),
  crash: node("Its process dies; it stays down until it is restarted.").optional(),
  "power-loss": node("Its host goes dark: what was not forced to disk is lost.").optional(),
  pause: node("Its process stands still.").optional(),
  resume: node("Paused, it goes on.").optional(),
  restart: node("Its process starts again, if none is running.").optional(),
  stop: node("A controlled shutdown.").optional(),
  isolate: node("It is cut off from every other node.").optional(),
  cut: node("Nothing passes between it and the node in `from`.").optional(),
  from: node("With cut: the other node.").optional(),
  heal: node("Cuts that touch this node end, and slow or clogged links; `all` ends every one.").optional(),
  produce: node("The application of this producer sends one record more.").optional(),
  release: oneMessage("It is let go, if an edit or a fault holds it."),
});
export type WrittenEdit = z.output<typeof EDIT_SCHEMA>;

export const EDITS_SCHEMA = z
  .array(EDIT_SCHEMA)
  .describe("What somebody changed by hand, as `kafka-sim step` saves it. Those of one moment are done in this order.");
