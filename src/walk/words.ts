/** Words by number: what comes again in every step of a tape is written once. */

export class Words {
  /** The empty word has number 0. */
  private readonly words: string[] = [""];
  private readonly numbers = new Map<string, number>([["", 0]]);

  numberOf(word: string): number {
    let number = this.numbers.get(word);
    if (number === undefined) {
      number = this.words.length;
      this.words.push(word);
      this.numbers.set(word, number);
    }
    return number;
  }

  at(number: number): string {
    return this.words[number] as string;
  }
}
