/** What a tone looks like on a terminal: in 256 colours, in 16, with bold and inverse only, or not at all. */
import type { Line, Tone } from "./line.ts";

/** `mono`: a terminal without colours (NO_COLOR). `text`: no terminal at all, not a single escape code. */
export type ColourDepth = "text" | "mono" | "16" | "256";

type Codes = Readonly<Record<Tone, readonly string[]>>;

const [BOLD, DIM, UNDERLINE, INVERSE] = ["1", "2", "4", "7"];

const MONO: Codes = {
  plain: [],
  strong: [BOLD],
  faint: [],
  good: [],
  bad: [BOLD],
  warning: [],
  accent: [],
  fresh: [UNDERLINE],
  key: [BOLD],
  frame: [],
  "frame-focused": [BOLD],
  title: [BOLD],
  selected: [INVERSE],
  current: [BOLD],
  "epoch-0": [],
  "epoch-1": [],
  "epoch-2": [],
  "epoch-3": [],
  "epoch-4": [],
  "epoch-5": [],
};

const SIXTEEN: Codes = {
  ...MONO,
  faint: [DIM],
  good: ["32"],
  bad: [BOLD, "31"],
  warning: ["33"],
  accent: ["36"],
  fresh: [BOLD, UNDERLINE, "33"],
  key: [BOLD, "36"],
  frame: [DIM],
  "frame-focused": [BOLD, "36"],
  current: [BOLD, "36"],
  "epoch-0": ["36"],
  "epoch-1": ["35"],
  "epoch-2": ["33"],
  "epoch-3": ["34"],
  "epoch-4": ["32"],
  "epoch-5": ["31"],
};

/** Of middle lightness: they can be read on dark and on light ground. */
const MANY: Codes = {
  ...SIXTEEN,
  faint: ["38;5;244"],
  good: ["38;5;71"],
  bad: [BOLD, "38;5;203"],
  warning: ["38;5;172"],
  accent: ["38;5;74"],
  fresh: [BOLD, UNDERLINE, "38;5;172"],
  key: [BOLD, "38;5;74"],
  frame: ["38;5;242"],
  "frame-focused": [BOLD, "38;5;74"],
  current: [BOLD, "38;5;74"],
  "epoch-0": ["38;5;74"],
  "epoch-1": ["38;5;170"],
  "epoch-2": ["38;5;172"],
  "epoch-3": ["38;5;99"],
  "epoch-4": ["38;5;71"],
  "epoch-5": ["38;5;167"],
};

interface Look {
  readonly open: string;
  /** Whether it can be seen on a blank. */
  readonly showsOnBlanks: boolean;
}

export class Palette {
  private readonly looks: ReadonlyMap<Tone, Look>;

  constructor(depth: ColourDepth) {
    const codes = { text: undefined, mono: MONO, "16": SIXTEEN, "256": MANY }[depth];
    const tones = Object.keys(MONO) as Tone[];
    this.looks = new Map(tones.map((tone) => [tone, lookOf(codes?.[tone] ?? [])]));
  }

  lookOf(tone: Tone | undefined): Look {
    return this.looks.get(tone ?? "plain") as Look;
  }
}

/** One code at a time: not everything that reads them understands several in one. */
function lookOf(codes: readonly string[]): Look {
  return {
    open: codes.map((code) => `\u001b[${code}m`).join(""),
    showsOnBlanks: codes.includes(UNDERLINE) || codes.includes(INVERSE),
  };
}

const RESET = "\u001b[0m";

/** With as few escape codes as there are changes that can be seen; nothing is left open at the end. */
export function paintLine(line: Line, palette: Palette): string {
  let painted = "";
  let current = palette.lookOf("plain");
  for (const { text, tone } of line) {
    if (text === "") continue;
    const look = palette.lookOf(tone);
    if (look.open !== current.open && !(isBlank(text) && !look.showsOnBlanks && !current.showsOnBlanks)) {
      if (current.open !== "") painted += RESET;
      painted += look.open;
      current = look;
    }
    painted += text;
  }
  return current.open === "" ? painted : painted + RESET;
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** What the surroundings ask for; see no-color.org. FORCE_COLOR wins. */
export function depthOf(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): ColourDepth {
  const { NO_COLOR, FORCE_COLOR, TERM = "", COLORTERM = "" } = env;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== "0";
  if (!isForced && (!isTerminal || TERM === "dumb")) return "text";
  if (!isForced && ((NO_COLOR !== undefined && NO_COLOR !== "") || FORCE_COLOR === "0")) return "mono";
  return COLORTERM !== "" || /256|direct|kitty|ghostty|alacritty/.test(TERM) ? "256" : "16";
}
