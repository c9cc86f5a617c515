/** The command line. Every command loads only what it needs. */
import { Command, CommanderError } from "commander";
import type { CompareFlags } from "./compare-command.ts";
import { EXIT, explainFailure } from "./errors.ts";
import type { MuseumFlags } from "./museum-command.ts";
import { paintOf, print } from "./options.ts";
import type { ReplayFlags } from "./replay-command.ts";
import type { RunFlags } from "./run-command.ts";
import type { ShowFlags } from "./show-command.ts";
import type { StepFlags } from "./step-command.ts";

/** Runs the command line `args` (without node and script) and returns the exit status. */
export async function main(args: readonly string[], version: string): Promise<number> {
  let status: number = EXIT.asExpected;
  const program = new Command("kafka-sim")
    .description("A Kafka cluster in one process, in virtual time, that fails on demand and checks what Kafka promises.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .exitOverride()
    .addHelpText("after", HELP_AFTER);

  const end = (found: number): void => {
    status = found;
  };
  addRuns(program, version, end);
  addWalks(program, version, end);
  addSaved(program, version, end);
  addLists(program);

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

/** The commands that play scenarios and judge them; each says its exit status in the end. */
function addRuns(program: Command, version: string, end: (status: number) => void): void {
  program
    .command("run")
    .description("run scenarios and say whether the promises held")
    .argument("<path...>", "scenario files, directories of them, or names of bundled scenarios")
    .option("--seed <n>", "the seed, instead of the scenario's own")
    .option("--seeds <a..b>", "every seed from a to b")
    .option("--jobs <n>", "worker threads for many runs (default: one per core)")
    .option("--set <key=value>", "change a key of the file, a Kafka setting or a dial; may be repeated", collect)
    .option("--json", "print the results as JSON")
    .option("--junit <file>", "write the results as JUnit XML too")
    .option("--trace <file>", "write every step of every run as JSON lines")
    .option("--step-on-failure", "walk through the first run that ends unexpected")
    .addHelpText("after", RUN_HELP_AFTER)
    .action(async (paths: string[], flags: Partial<RunFlags>) => {
      const { runCommand } = await import("./run-command.ts");
      end(await runCommand(paths, { ...flags, set: flags.set ?? [] }, version));
    });
  program
    .command("compare")
    .description("the same scenario and seeds over several settings, side by side")
    .argument("<file>", "a scenario file, or the name of a bundled scenario")
    .option("--vary <key=a,b>", "the values of a key, as --set takes it; may be repeated: every combination", collect)
    .option("--seeds <n>", "how many seeds for each, from 1 on (default: 20)")
    .option("--jobs <n>", "worker threads (default: one per core)")
    .option("--set <key=value>", "change a key in all of them; may be repeated", collect)
    .option("--json", "print everything as JSON: quantiles, and the values of each seed")
    .addHelpText("after", COMPARE_HELP_AFTER)
    .action(async (file: string, flags: Partial<CompareFlags>) => {
      const { compareCommand } = await import("./compare-command.ts");
      end(await compareCommand(file, { ...flags, vary: flags.vary ?? [], set: flags.set ?? [] }, version));
    });
  program
    .command("museum")
    .description("documented failures of Kafka, with and without their fix")
    .argument("[exhibit]", "a theme, or one exhibit by its name or the beginning of it (default: all)")
    .option("--tell [exhibit]", "the story of one: what happened on both sides, and why")
    .option("--seeds <n>", "how many seeds, from 1 on (default: 20)")
    .option("--seed <n>", "the seed of the story, instead of the exhibit's own")
    .option("--jobs <n>", "worker threads (default: one per core)")
    .option("--json", "print everything as JSON")
    .addHelpText("after", MUSEUM_HELP_AFTER)
    .action(async (exhibit: string | undefined, flags: MuseumFlags) => {
      const { museumCommand } = await import("./museum-command.ts");
      end(await museumCommand(exhibit, flags, version));
    });
}

/** The commands that look at one run closely; each says its exit status in the end. */
function addWalks(program: Command, version: string, end: (status: number) => void): void {
  program
    .command("step")
    .description("walk through a run in the terminal, forwards and back, and change the past")
    .argument("<file>", "a scenario file, a saved branch, or the name of a bundled scenario")
    .option("--seed <n>", "the seed, instead of the scenario's own")
    .option("--at <place>", "where to begin: a step, a time, violation (default: where a promise breaks, else time 0)")
    .option("--set <key=value>", "change a key of the file, a Kafka setting or a dial; may be repeated", collect)
    .option("--side <side>", "of an exhibit: old (default) or new")
    .option("--present", "larger and fewer panes, for a projector")
    .option("--asciicast <file>", "record the screen, for asciinema")
    .addHelpText("after", STEP_HELP_AFTER)
    .action(async (file: string, flags: Partial<StepFlags>) => {
      const { stepCommand } = await import("./step-command.ts");
      end(await stepCommand(file, { ...flags, set: flags.set ?? [] }, version));
    });
  program
    .command("show")
    .description("one moment of a run, as step shows it, printed once; or the whole story, recorded")
    .argument("<file>", "a scenario file, a saved branch, or the name of a bundled scenario")
    .option("--at <place>", "a step, a time, violation (default: where a promise breaks, else time 0)")
    .option("--seed <n>", "the seed, instead of the scenario's own")
    .option("--set <key=value>", "change a key of the file, a Kafka setting or a dial; may be repeated", collect)
    .option("--side <side>", "of an exhibit: old (default) or new")
    .option("--size <columns>x<lines>", "how large (default: as the terminal; 120x36 in a pipe)")
    .option("--pane <name>", "only one pane: lanes, timeline, flight, cluster, clients, checks, causes")
    .option("--detail <level>", "how much stands in the timeline: story (default), partition, everything")
    .option("--asciicast <file>", "record a walk over the story instead, for asciinema")
    .option("--speed <n>", "of the recording; 2 is twice as fast")
    .addHelpText("after", SHOW_HELP_AFTER)
    .action(async (file: string, flags: Partial<ShowFlags>) => {
      const { showCommand } = await import("./show-command.ts");
      end(showCommand(file, { ...flags, set: flags.set ?? [] }));
    });
}

/** The commands for saved runs; each says its exit status in the end. */
function addSaved(program: Command, version: string, end: (status: number) => void): void {
  program
    .command("replay")
    .description("run a saved branch again, and say whether it is still the run that was recorded")
    .argument("<file>", "a scenario file with `recorded`, as `step` saves it")
    .option("--json", "print the result as JSON")
    .addHelpText("after", REPLAY_HELP_AFTER)
    .action(async (file: string, flags: ReplayFlags) => {
      const { replayCommand } = await import("./replay-command.ts");
      end(await replayCommand(file, flags, version));
    });
}

/** The commands that only show what there is. */
function addLists(program: Command): void {
  program
    .command("list")
    .description("the bundled scenarios, by theme")
    .action(async () => {
      const { listScenarios } = await import("./list-command.ts");
      print(listScenarios(paintOf()));
    });
  program
    .command("dials")
    .description("the protocol changes that can be turned by hand")
    .action(async () => {
      const { listDials } = await import("./list-command.ts");
      print(listDials(paintOf()));
    });
  program
    .command("checks")
    .description("what is checked, and where each promise comes from")
    .action(async () => {
      const { listChecks } = await import("./list-command.ts");
      print(listChecks(paintOf()));
    });
  program
    .command("schema")
    .description("the JSON Schema of scenario files, for editors")
    .action(async () => {
      const { scenarioJsonSchema } = await import("../scenario/json-schema.ts");
      print([JSON.stringify(scenarioJsonSchema(), undefined, 2)]);
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

const HELP_AFTER = `
Begin here:
  kafka-sim list                                               what is bundled
  kafka-sim run failover/leader-crash                          a leader dies; who waits, and for how long?
  kafka-sim run failover/leader-crash --set acks=1             the same with acks=1
  kafka-sim compare failover/leader-crash --vary acks=1,all    the two side by side, over many seeds
  kafka-sim step failover/leader-crash                         walk through it, back and forth, and change it
  kafka-sim museum                                             how Kafka failed, with and without the fix
  kafka-sim run my.yaml --seeds 1..1000                        your own scenario, a thousand times

Exit status: 0 as expected · 1 a check failed or an expectation was not met · 2 unusable input ·
3 undecided (a limit was reached, or a condition never came true) · 70 the simulator itself is wrong
`;

const STEP_HELP_AFTER = `
An exhibit opens at its old rule, a run that breaks a promise at the step where it does. ? shows all keys, q quits.

Examples:
  kafka-sim step failover/leader-crash
  kafka-sim step museum/replication/kip-966-last-replica-standing
  kafka-sim step my.yaml --seed 7 --at 38.118s
  kafka-sim run my.yaml --seeds 1..500 --step-on-failure     the first run that goes wrong
`;

const SHOW_HELP_AFTER = `
Examples:
  kafka-sim show museum/replication/kip-966-last-replica-standing                  where the promise breaks
  kafka-sim show failover/leader-crash --at 18.4s --size 160x50 > moment.txt
  kafka-sim show failover/leader-crash --at 18.4s --pane timeline --detail everything
  kafka-sim show failover/leader-crash --asciicast crash.cast --speed 2            asciinema play crash.cast
`;

const COMPARE_HELP_AFTER = `
A key is whatever --set takes: a dial, a setting of Kafka, or a path in the file such as cluster.brokers. There is one row for each
combination. It shows the middle run of each measure and, fainter, the range over all runs:
  unavailable      the longest stretch in which a producer had something to send and nothing was acknowledged; p50 and p95
  lost, lost legally, duplicated, failed, delayed    what became of the records of a run
  full ISR after   from the first fault until every partition had a leader and its full ISR, for good
  elections        how often a broker came to lead a partition

What the file expects does not matter here: another value may rightly break it. Violations of invariants are shown, but they don't
change the exit status either: it is 0, or 3 if no run of some row got to its end.

Examples:
  kafka-sim compare failover/leader-crash --vary acks=1,all --seeds 200
  kafka-sim compare my.yaml --vary replica.lag.time.max.ms=10000,30000 --vary min.insync.replicas=1,2
  kafka-sim compare my.yaml --vary kafka=3.9,4.1 --json
`;

const REPLAY_HELP_AFTER = `
The file's own seed and edits are played; what it says of its run is compared with what comes of it now.

Exit status: 0 the same run, step by step · 1 another one · 2 unusable input, or a file that was not saved from a run
`;

const MUSEUM_HELP_AFTER = `
Each exhibit is played twice with the same faults and seeds: at the old rule, where the recorded failure must show, and at the new
one, where nothing may break. Under "events" is how many steps it took until the promise broke, the median over the seeds.

Exit status: 0 only if every failure showed, and was gone at the new rule, for every seed.

Examples:
  kafka-sim museum quorum                                           one theme
  kafka-sim museum kip-966 --tell                                   the story of one
  kafka-sim run museum/replication/kip-966-last-replica-standing    its runs in full
`;

const RUN_HELP_AFTER = `
The same scenario and the same seed give the same run, step by step, on any machine; the trace hash proves it.

Examples:
  kafka-sim run scenarios --junit report.xml          everything, for CI
  kafka-sim run my.yaml --seeds 1..500 --jobs 4       500 seeds on four cores
  kafka-sim run my.yaml --set topics.orders.config.min.insync.replicas=1 --set election.eligibleLeaderReplicas=off
  kafka-sim run my.yaml --seed 7 --trace run.jsonl    every step with its cause
`;
