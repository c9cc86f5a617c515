/** Gathers what a message says of partitions, and puts into words only what is shown: of one partition, and how many more there are. */
import { partitionName, type TopicPartition } from "./ids.ts";
import type { ApiName, RequestOf, ResponseOf } from "./messages/apis.ts";
import { METADATA_TOPIC } from "./metadata/records.ts";

/** How each API's request, and its response, is put into words. */
export type RequestWords = { readonly [A in ApiName]: (body: RequestOf<A>, on: PartitionWords) => string };
export type ResponseWords = { readonly [A in ApiName]: (body: ResponseOf<A>, on: PartitionWords) => string };

export class PartitionWords {
  /** Whether the message speaks of the partition that is asked about. */
  concerns = false;
  private readonly about: TopicPartition | undefined;
  private count = 0;
  private first = "";

  constructor(about: TopicPartition | undefined) {
    this.about = about;
  }

  add(topic: string, partition: number, words: () => string): void {
    this.count++;
    if (this.about?.topic === topic && this.about.partition === partition) {
      this.concerns = true;
      const told = words();
      this.first = told === "" ? partitionName(topic, partition) : told;
    } else if (this.count === 1) {
      // The metadata log has one partition, and a long name.
      this.first = joined(topic === METADATA_TOPIC ? "metadata" : partitionName(topic, partition), words());
    }
  }

  /** Of a topic as a whole. */
  addTopic(topic: string, words = ""): void {
    this.count++;
    if (this.about?.topic === topic) this.concerns = true;
    if (this.count === 1 || this.about?.topic === topic) this.first = joined(topic, words);
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  toString(): string {
    return this.count > 1 ? `${this.first} +${this.count - 1}` : this.first;
  }
}

/** What is there of it, with spaces between. */
export function joined(...words: readonly string[]): string {
  return words.filter((word) => word !== "").join(" ");
}
