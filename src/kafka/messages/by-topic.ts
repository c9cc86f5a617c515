/** What a message says of partitions, gathered under their topics in the order in which those are first spoken of. */
import type { TopicId } from "../ids.ts";

interface OfTopic {
  readonly topicId: TopicId;
  readonly topic: string;
}

/** So many topics are looked through one by one: a map costs more. */
const FEW = 8;

export class ByTopic<P> {
  readonly topics: (OfTopic & { readonly partitions: P[] })[] = [];
  private last = 0;
  /** Where each of many topics stands. */
  private places: Map<string, number> | undefined = undefined;

  add({ topicId, topic }: OfTopic, partition: P): void {
    // Partitions of one topic mostly come one after the other.
    if (!this.stands(this.last, topicId, topic)) {
      const place = this.placeOf(topicId, topic);
      this.last = place;
      if (place === this.topics.length) {
        // With what it is to hold at once: most hold no more, and an array that grows takes room for many.
        this.topics.push({ topicId, topic, partitions: [partition] });
        return;
      }
    }
    this.topics[this.last]?.partitions.push(partition);
  }

  /** Where the topic stands, or would be added. */
  private placeOf(topicId: TopicId, topic: string): number {
    const { topics } = this;
    if (topics.length <= FEW) {
      for (let place = 0; place < topics.length; place++) if (this.stands(place, topicId, topic)) return place;
    } else {
      this.places ??= new Map(topics.map((each, place) => [keyOf(each), place]));
      const place = this.places.get(keyOf({ topicId, topic }));
      if (place !== undefined) return place;
      this.places.set(keyOf({ topicId, topic }), topics.length);
    }
    return topics.length;
  }

  /** By both: where topics have no ids, only the name tells them apart. */
  private stands(place: number, topicId: TopicId, topic: string): boolean {
    const known = this.topics[place];
    return known !== undefined && known.topic === topic && known.topicId === topicId;
  }
}

function keyOf({ topicId, topic }: OfTopic): string {
  return `${topic}/${topicId}`;
}
