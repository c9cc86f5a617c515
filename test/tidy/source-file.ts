/** A file of the repository as the tidiness rules see it. */

export interface Import {
  readonly specifier: string;
  /** `import type` or `export type`: gone once compiled. */
  readonly typeOnly: boolean;
}

export class SourceFile {
  /** From the root of the repository: `src/sim/world.ts`. */
  readonly path: string;
  readonly text: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get isSource(): boolean {
    return this.path.startsWith("src/") && /\.tsx?$/.test(this.path);
  }

  get isScript(): boolean {
    return /\.(tsx?|js|mjs)$/.test(this.path);
  }

  /** The folder under src that the file lives in; undefined for src/index.ts and for what isn't source. */
  get layer(): string | undefined {
    return /^src\/([^/]+)\//.exec(this.path)?.[1];
  }

  get lines(): string[] {
    return this.text.replace(/\n$/, "").split("\n");
  }

  /** The text with comments and the insides of strings blanked out, line by line as it was. */
  get code(): string {
    return blankOut(this.text);
  }

  get imports(): Import[] {
    const found: Import[] = [];
    for (const match of this.text.matchAll(/^(?:import|export)\s+(type\s+)?[^;"']*?from\s+"([^"]+)"/gm)) {
      found.push({ typeOnly: match[1] !== undefined, specifier: match[2] as string });
    }
    for (const match of this.text.matchAll(/^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm)) {
      found.push({ typeOnly: false, specifier: (match[1] ?? match[2]) as string });
    }
    return found;
  }

  /** The path an import of this file leads to; undefined for packages. */
  resolve(specifier: string): string | undefined {
    if (!specifier.startsWith(".")) return undefined;
    const folders = this.path.split("/").slice(0, -1);
    for (const part of specifier.split("/")) {
      if (part === "..") folders.pop();
      else if (part !== ".") folders.push(part);
    }
    return folders.join("/");
  }
}

const PIECE =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[=(,:&|!?[{;]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;

/** Template strings keep what stands in `${}`: that is code. */
function blankOut(text: string): string {
  return text.replace(PIECE, (piece) => {
    if (!piece.startsWith("`")) return piece.replace(/[^\n]/g, " ");
    return piece.replace(/\$\{([^}]*)\}|[^\n]/g, (whole, code: string | undefined) =>
      code === undefined ? " " : `  ${code} `.padEnd(whole.length),
    );
  });
}
