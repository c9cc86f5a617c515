/** The whole screen: sizes, what is said where there is little room, and what it looks like. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { changesOf, nameOfKey, type Situation } from "../../src/view/commands.ts";
import { parseDestination } from "../../src/view/destination.ts";
import { textOf } from "../../src/view/fitting.ts";
import { frameOf } from "../../src/view/frame.ts";
import { type Line, widthOf } from "../../src/view/line.ts";
import { lookAt } from "../../src/view/look.ts";
import { openingView } from "../../src/view/opening.ts";
import { aboutCard } from "../../src/view/overlays/about.ts";
import { helpPage } from "../../src/view/overlays/help.ts";
import { menuCard } from "../../src/view/overlays/menu.ts";
import type { Overlay } from "../../src/view/overlays/overlay.ts";
import { Palette, paintLine } from "../../src/view/palette.ts";
import { PANE_IDS } from "../../src/view/pane.ts";
import { PANES } from "../../src/view/panes.ts";
import { hintLine, messageLine, promptLine } from "../../src/view/screen/bottom-line.ts";
import { type Block, composeScreen, screenOf, type TextBlock } from "../../src/view/screen/screen.ts";
import { selectedItem, situationOf } from "../../src/view/situation.ts";
import type { ViewState } from "../../src/view/view-state.ts";
import { complete } from "../../src/walk/journey.ts";
import type { Walk } from "../../src/walk/walk.ts";
import { bundledWalk, frameAt, writtenWalk } from "./walks.ts";

const LAST_REPLICA = "museum/replication/kip-966-last-replica-standing";
/** Of both modes, with and without groups. */
const WALKS = [LAST_REPLICA, "museum/zookeeper/kafka-2729-cached-zkversion-stuck", "groups/paused-zombie"];

interface Shot {
  readonly columns: number;
  /** Of the terminal. */
  readonly rows: number;
  readonly at?: string;
  readonly view?: Partial<ViewState>;
  readonly overlay?: Overlay;
  readonly note?: Overlay;
  readonly bottom?: (width: number) => Line;
}

function shoot(walk: Walk, { columns, rows, at, view: changed, overlay, note, bottom }: Shot): Block {
  if (at !== undefined) {
    const place = parseDestination(at, walk);
    if (!place.ok) throw new Error(place.message);
    complete(walk.goTo(place.value));
  }
  const view: ViewState = { ...openingView(walk), ...changed };
  const frame = frameOf(walk, view.choice);
  const looks = lookAt(frame, PANES);
  const situation = situationOf(frame, looks, view, { isPlaying: false, breakpoints: 0 });
  const extras = {
    seed: walk.seed,
    side: walk.side.label,
    speed: undefined,
    overlay,
    note,
    bottom: bottom ?? ((width: number) => hintLine(situation, width)),
  };
  return screenOf(frame, looks, view, extras, { width: columns, height: rows - 1 });
}

const textsOf = (screen: Block): string[] => composeScreen(screen).map(textOf);

/** As a file: what nobody sees at the ends of lines is left out. */
const fileOf = (screen: Block): string =>
  `${textsOf(screen)
    .map((text) => text.trimEnd())
    .join("\n")}\n`;

function blocksOf(block: Block): TextBlock[] {
  return block.kind === "text" ? [block] : block.blocks.flatMap(blocksOf);
}

function expectSize(screen: Block, columns: number, rows: number): void {
  const lines = composeScreen(screen);
  expect(lines.length).toBe(rows - 1);
  for (const each of lines) expect(widthOf(each), textOf(each)).toBe(columns);
}

describe.each(WALKS)("%s", (name) => {
  property.prop(
    [
      fc.integer({ min: 40, max: 200 }),
      fc.integer({ min: 8, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.record({
        focus: fc.constantFrom(...PANE_IDS),
        enlarged: fc.option(fc.constantFrom(...PANE_IDS), { nil: undefined, freq: 5 }),
        hidden: fc.subarray([...PANE_IDS], { maxLength: 3 }),
        present: fc.boolean(),
      }),
      fc.constantFrom("none", "help", "about", "menu"),
    ],
    { numRuns: 25 },
  )("fills any screen exactly, wherever one stands", (columns, rows, share, view, what) => {
    const walk = bundledWalk(name);
    const frame = frameAt(walk, Math.round(walk.end * share));
    const menu = menuCard({ title: "broker-1", choices: [{ key: "k", words: "crash" }], selected: 0 });
    const about = aboutCard({ frame, seed: walk.seed, side: walk.side.label });
    const overlay = { none: undefined, help: helpPage, about, menu }[what];
    const shot = { columns, rows, view, ...(overlay && { overlay }) };
    expectSize(shoot(walk, shot), columns, rows);
  });

  test("at its start, before it and at its end", () => {
    const walk = bundledWalk(name);
    for (const at of ["0", "1", "start", "end"]) expectSize(shoot(walk, { columns: 120, rows: 36, at }), 120, 36);
  });
});

describe("what it looks like", () => {
  test.each([
    [80, 24],
    [120, 36],
    [160, 50],
    [200, 60],
  ])("at %d × %d, where the promise breaks", async (columns, rows) => {
    const screen = shoot(bundledWalk(LAST_REPLICA), { columns, rows, at: "violation" });
    await expect(fileOf(screen)).toMatchFileSnapshot(`screens/violation-${columns}x${rows}.txt`);
  });

  test("when it is opened, at 80 × 24", async () => {
    const walk = bundledWalk(LAST_REPLICA);
    const frame = frameAt(walk, walk.start);
    const overlay = aboutCard({ frame, seed: walk.seed, side: walk.side.label });
    await expect(fileOf(shoot(walk, { columns: 80, rows: 24, overlay }))).toMatchFileSnapshot("screens/about-80x24.txt");
  });

  test("with a selected message at 80 × 24, and what can be done with it at 120 × 36", async () => {
    const walk = bundledWalk(LAST_REPLICA);
    const frame = frameAt(walk, walk.start + 500);
    const opened = openingView(walk);
    const [first] = lookAt(frame, PANES).get("flight")?.items ?? [];
    const view: ViewState = { ...opened, focus: "flight", choice: { ...opened.choice, selected: { flight: first?.id ?? "" } } };
    const looks = lookAt(frameOf(walk, view.choice), PANES);
    const situation = situationOf(frame, looks, view, { isPlaying: false, breakpoints: 0 });
    expect(selectedItem(looks, view)?.subject.kind).toBe("message");
    await expect(fileOf(shoot(walk, { columns: 80, rows: 24, view }))).toMatchFileSnapshot("screens/flight-80x24.txt");
    const overlay = menuCard({
      title: first?.label ?? "",
      choices: changesOf(situation).map(({ keys, word }) => ({ key: nameOfKey(keys[0] ?? ""), words: word })),
      selected: 0,
    });
    await expect(fileOf(shoot(walk, { columns: 120, rows: 36, view, overlay }))).toMatchFileSnapshot("screens/menu-120x36.txt");
  });

  test("with ZooKeeper at 120 × 36", async () => {
    const walk = bundledWalk("museum/zookeeper/kafka-2729-cached-zkversion-stuck");
    const screen = shoot(walk, { columns: 120, rows: 36, at: "violation" });
    await expect(fileOf(screen)).toMatchFileSnapshot("screens/zookeeper-120x36.txt");
  });

  test("with a group for a projector", async () => {
    const screen = shoot(bundledWalk("groups/paused-zombie"), { columns: 120, rows: 36, at: "30s", view: { present: true } });
    await expect(fileOf(screen)).toMatchFileSnapshot("screens/present-120x36.txt");
  });
});

describe("what is always there", () => {
  test("a screen that is too small says how large it must be", () => {
    const texts = textsOf(shoot(bundledWalk(LAST_REPLICA), { columns: 59, rows: 15 }));
    expect(texts.join(" ").replace(/ +/g, " ")).toContain("kafka-sim needs 60 × 15 columns and lines here, and has 59 × 15");
  });

  test("all keys fit on one page of 80 × 24, and none of them is cut", () => {
    const texts = textsOf(shoot(bundledWalk(LAST_REPLICA), { columns: 80, rows: 24, overlay: helpPage }));
    expect(texts.slice(1, -1).join("\n")).not.toContain("…  ");
    const page = texts.join("\n");
    for (const key of ["→ ←", "n p", "] [", "} {", ") (", "r R", "g", "v", "Home End", "space + -", "/ . ,", "b", "c C"])
      expect(page).toContain(` ${key} `);
    for (const key of [
      "d D y",
      "a u",
      "k K",
      "s e",
      "x X j",
      "w W",
      "T m S",
      "Tab 1–7",
      "↑ ↓",
      "Enter",
      "z H 0",
      "o t",
      "P i ? q",
      "Esc",
    ]) {
      expect(page).toContain(` ${key} `);
    }
    expect(page).toContain("close what lies on top");
  });

  test("the first line names the run, the moment and what holds, and drops what has no room", () => {
    const walk = bundledWalk(LAST_REPLICA);
    const headerAt = (columns: number): string => textsOf(shoot(walk, { columns, rows: 30, at: "violation" }))[0] as string;
    expect(headerAt(180)).toContain("Last replica standing · seed 1 · Kafka 4.1 · old rule: election.eligibleLeaderReplicas=off");
    expect(headerAt(180)).toMatch(/ s · step +[\d,]+ of [\d,]+ · main {3}✓ \d+ ✗ \d/);
    expect(headerAt(80)).toMatch(/Last replica standing +[\d.]+ s · step +[\d,]+ of [\d,]+ {3}✓/);
    expect(headerAt(60)).toMatch(/^ Last .* s · step +[\d,]+ +✓/);
  });

  test("where a promise breaks the card says so, in its words", () => {
    const walk = bundledWalk(LAST_REPLICA);
    const place = parseDestination("violation", walk);
    const frame = frameAt(walk, place.ok ? place.value : 0);
    const text = aboutCard({ frame, seed: "1", side: "old rule" }).lines({ width: 80, height: 30 }).map(textOf).join("\n");
    expect(text).toContain("✗ NoAckedLoss: a record acknowledged with acks=all");
    expect(text).toContain("You stand just where it breaks, at 33.714 s");
    const start = aboutCard({ frame: frameAt(walk, walk.start), seed: "1", side: "old rule" });
    expect(start.lines({ width: 80, height: 30 }).map(textOf).join("\n")).toContain(
      "It breaks at 33.714 s, step 7,801: v goes there.",
    );
  });

  test("wide characters in a name move nothing", () => {
    const walk = writtenWalk(`name: 名前の長いシナリオ 👩‍👩‍👧
about: リーダーが落ちる
cluster: { brokers: 2, controllers: 1 }
topics: { orders: { assignment: [[1, 2]] } }
producers: { checkout: { topic: orders, rate: 5/s } }
run: { for: 1s }
`);
    for (const [columns, rows] of [
      [60, 15],
      [80, 24],
      [120, 36],
    ] as const)
      expectSize(shoot(walk, { columns, rows, at: "start" }), columns, rows);
    const overlay = aboutCard({ frame: frameAt(walk, walk.start), seed: "1", side: undefined });
    const screen = shoot(walk, { columns: 81, rows: 24, overlay });
    expectSize(screen, 81, 24);
    expect(fileOf(screen)).toContain("リーダーが落ちる");
    expect(fileOf(screen)).toContain("✓ every promise holds");
  });

  test("the focused pane is told apart without any colour", () => {
    const [lanes, timeline] = (["lanes", "timeline"] as const).map((focus) =>
      textsOf(shoot(bundledWalk(LAST_REPLICA), { columns: 80, rows: 24, at: "violation", view: { focus } })),
    ) as [string[], string[]];
    expect(lanes[1]).toMatch(/^┏━ orders-0/);
    expect(timeline[1]).toMatch(/^╭─ orders-0/);
  });

  test.each([
    [60, 15],
    [80, 24],
    [120, 36],
  ])("a note of any length leaves room for the panes at %d × %d, and is seen under a card", (columns, rows) => {
    const walk = bundledWalk(LAST_REPLICA);
    for (const length of [0, 1, 5, 50]) {
      const lines = Array.from({ length }, (_, index) => [{ text: `note ${index}` }]);
      const note: Overlay = { size: "card", title: [{ text: "a note" }], lines: ({ height }) => lines.slice(0, height) };
      const about = aboutCard({ frame: frameAt(walk, walk.start), seed: "1", side: undefined });
      for (const overlay of [undefined, helpPage, about]) {
        const screen = shoot(walk, { columns, rows, note, ...(overlay && { overlay }) });
        expectSize(screen, columns, rows);
        if (length > 0) expect(fileOf(screen)).toContain("note 0");
        if (overlay === undefined) expect(fileOf(screen)).toContain("orders-0");
      }
    }
  });

  test("blocks have names of their own, which stay while one walks", () => {
    const walk = bundledWalk(LAST_REPLICA);
    const namesAt = (at: string): string[] => blocksOf(shoot(walk, { columns: 120, rows: 36, at })).map(({ name }) => name);
    expect(namesAt("10s")).toEqual(namesAt("violation"));
    expect(new Set(namesAt("10s")).size).toBe(namesAt("10s").length);
  });
});

describe("without colours", () => {
  test("what is selected is inverse, and everything else reads the same", () => {
    const walk = bundledWalk(LAST_REPLICA);
    const opened = openingView(walk);
    const frame = frameAt(walk, walk.start + 500);
    const id = lookAt(frame, PANES).get("cluster")?.items[0]?.id ?? "";
    const view: Partial<ViewState> = { focus: "cluster", choice: { ...opened.choice, selected: { cluster: id } } };
    const lines = composeScreen(shoot(walk, { columns: 120, rows: 36, view }));
    const [mono, text] = [new Palette("mono"), new Palette("text")];
    expect(lines.map((each) => paintLine(each, text))).toEqual(lines.map(textOf));
    expect(lines.map((each) => paintLine(each, mono)).join("")).toContain("\u001b[1m");
  });
});

describe("the bottom line", () => {
  const walk = (): Walk => bundledWalk(LAST_REPLICA);
  const bottomOf = (bottom: (width: number) => Line): string =>
    textsOf(shoot(walk(), { columns: 100, rows: 24, at: "start", bottom })).at(-1) as string;

  test("shows a message and still where all keys are", () => {
    const text = bottomOf((width) => messageLine({ text: "the ISR of orders-0 last changed here", tone: "good" }, width));
    expect(text).toMatch(/^ ✓ the ISR of orders-0 last changed here +\? all keys $/);
  });

  test("shows what is typed, its end if it is long, and what is wrong with it", () => {
    const hint = { text: "99.0 s is outside of the run", tone: "bad" } as const;
    expect(bottomOf((width) => promptLine({ label: "go to", text: "99s", hint }, width))).toMatch(
      /^ go to: 99s {4}✗ 99\.0 s is outside/,
    );
    const long = bottomOf((width) => promptLine({ label: "search", text: "ab名".repeat(60), hint }, width));
    expect(long).toMatch(/^ search: ….*ab名/);
  });

  test("offers what fits the moment", () => {
    const situation: Situation = {
      isAtStart: false,
      isAtEnd: false,
      isPlaying: false,
      subject: undefined,
      isWatched: false,
      violation: "none",
      isSearching: false,
      breakpoints: 0,
      branches: 1,
      isUnsaved: false,
      isFiltered: false,
    };
    const hints = (changed: Partial<Situation>): string => textOf(hintLine({ ...situation, ...changed }, 110));
    expect(hints({})).toMatch(/^ → step {2}← back .*\? all keys {2}q quit $/);
    expect(hints({})).not.toContain("violation");
    expect(hints({ violation: "ahead" })).toContain("v violation");
    expect(hints({ isAtEnd: true })).not.toContain("step");
    const message = {
      kind: "message",
      delivery: { message: "Fetch", from: "broker-2", to: "broker-1", nth: 1 },
      isHeld: false,
      isCopy: false,
    } as const;
    expect(hints({ subject: message })).toContain("d drop  a hold");
    expect(hints({ subject: { ...message, isHeld: true } })).toContain("u release");
    expect(hints({ subject: { kind: "producer", node: "checkout" } })).toContain("w one record more");
    expect(hints({ isUnsaved: true, branches: 2 })).toContain("S save");
    expect(hints({ isPlaying: true })).toContain("space pause  + faster  - slower");
  });
});
