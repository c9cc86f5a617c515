/** The paths of a disk's files by the directory that they are in, so that a listing of one directory looks at nothing else. */

export class Paths {
  /** By the part before the first slash; "" for files outside of any directory. */
  private readonly byDirectory = new Map<string, Set<string>>();

  add(path: string): void {
    const directory = directoryOf(path);
    const paths = this.byDirectory.get(directory);
    if (paths === undefined) this.byDirectory.set(directory, new Set([path]));
    else paths.add(path);
  }

  delete(path: string): void {
    const directory = directoryOf(path);
    const paths = this.byDirectory.get(directory);
    if (paths?.delete(path) === true && paths.size === 0) this.byDirectory.delete(directory);
  }

  clear(): void {
    this.byDirectory.clear();
  }

  /** Those that begin with `prefix`, in no order. */
  startingWith(prefix: string): string[] {
    const found: string[] = [];
    const directory = directoryOf(prefix);
    // Without a slash the prefix may be the beginning of any directory's name.
    const searched = directory === "" ? this.byDirectory.values() : [this.byDirectory.get(directory) ?? NOTHING];
    for (const paths of searched) for (const path of paths) if (path.startsWith(prefix)) found.push(path);
    return found;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.indexOf("/")));
}
