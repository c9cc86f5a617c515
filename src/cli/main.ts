/** The command line. Every command loads only what it needs. */
import { Command, CommanderError } from "commander";
import { Paint } from "../report/paint.ts";
import { EXIT, explainFailure } from "./errors.ts";
import { type RunFlags, runCommand, usesColour } from "./run-command.ts";

/** Runs the command line `args` (without node and script) and returns the exit status. */
export async function main(args: readonly string[], version: string): Promise<number> {
  let status: number = EXIT.asExpected;
  const paint = (): Paint => new Paint(usesColour(process.stdout.isTTY === true));
  const print = (lines: readonly string[]): void => {
    process.stdout.write(`${lines.join("\n")}\n`);
  };
  const program = new Command("kafka-sim")
    .description("A Kafka cluster in one process, in virtual time, that fails on demand and checks what Kafka promises.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .exitOverride()
    .addHelpText("after", HELP_AFTER);

  program
    .command("run")
    .description("run scenarios and say whether the promises held")
    .argument("<path...>", "scenario files, directories of them, or names of bundled scenarios")
    .option("--seed <n>", "the seed, instead of the scenario's own")
    .option("--seeds <a..b>", "every seed from a to b")
    .option("--jobs <n>", "worker threads for many runs (default: one per core)")
    .option("--set <key=value>", "change a key of the file, a Kafka setting or a dial; may be repeated", collect, [])
    .option("--json", "print the results as JSON")
    .option("--junit <file>", "write the results as JUnit XML too")
    .option("--trace <file>", "write every step of every run as JSON lines")
    .addHelpText("after", RUN_HELP_AFTER)
    .action(async (paths: string[], flags: RunFlags) => {
      status = await runCommand(paths, flags, version);
    });
  addLists(program, print, paint);

  try {
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.asExpected;
    }
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.asExpected : EXIT.unusableInput;
    const failure = explainFailure(error);
    process.stderr.write(`${failure.text}\n`);
    return failure.status;
  }
}

/** The commands that only show what there is. */
function addLists(program: Command, print: (lines: readonly string[]) => void, paint: () => Paint): void {
  program
    .command("list")
    .description("the bundled scenarios, by theme")
    .action(async () => {
      const { listScenarios } = await import("./list-command.ts");
      print(listScenarios(paint()));
    });
  program
    .command("dials")
    .description("the protocol changes that can be turned by hand")
    .action(async () => {
      const { listDials } = await import("./list-command.ts");
      print(listDials(paint()));
    });
  program
    .command("checks")
    .description("what is checked, and where each promise comes from")
    .action(async () => {
      const { listChecks } = await import("./list-command.ts");
      print(listChecks(paint()));
    });
  program
    .command("schema")
    .description("the JSON Schema of scenario files, for editors")
    .action(async () => {
      const { scenarioJsonSchema } = await import("../scenario/json-schema.ts");
      print([JSON.stringify(scenarioJsonSchema(), undefined, 2)]);
    });
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

const HELP_AFTER = `
Begin here:
  kafka-sim list                                      what is bundled
  kafka-sim run failover/leader-crash                 a leader dies; who waits, and for how long?
  kafka-sim run failover/leader-crash --set acks=1    the same with acks=1
  kafka-sim run my.yaml --seeds 1..1000               your own scenario, a thousand times

Exit status: 0 as expected · 1 a check failed or an expectation was not met · 2 unusable input ·
3 undecided (a limit was reached, or a condition never came true) · 70 the simulator itself is wrong
`;

const RUN_HELP_AFTER = `
The same scenario and the same seed give the same run, step by step, on any machine; the trace hash proves it.

Examples:
  kafka-sim run scenarios --junit report.xml          everything, for CI
  kafka-sim run my.yaml --seeds 1..500 --jobs 4       500 seeds on four cores
  kafka-sim run my.yaml --set topics.orders.config.min.insync.replicas=1 --set election.eligibleLeaderReplicas=off
  kafka-sim run my.yaml --seed 7 --trace run.jsonl    every step with its cause
`;
