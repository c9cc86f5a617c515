/** What a message says of partitions, gathered under their topics in the order in which those are first spoken of. */
import type { TopicId } from "../ids.ts";

interface OfTopic {
  readonly topicId: TopicId;
  readonly topic: string;
}

export class ByTopic<P> {
  readonly topics: (OfTopic & { readonly partitions: P[] })[] = [];
  private readonly places = new Map<string, number>();
  private last = 0;

  add({ topicId, topic }: OfTopic, partition: P): void {
    // Partitions of one topic mostly come one after the other.
    const last = this.topics[this.last];
    if (last?.topic !== topic || last.topicId !== topicId) this.last = this.placeOf(topicId, topic);
    this.topics[this.last]?.partitions.push(partition);
  }

  /** By both: where topics have no ids, only the name tells them apart. */
  private placeOf(topicId: TopicId, topic: string): number {
    const key = `${topic}/${topicId}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.topics.push({ topicId, topic, partitions: [] }) - 1;
      this.places.set(key, place);
    }
    return place;
  }
}
