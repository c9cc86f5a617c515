/**
 * What has been set on topics, as read from the store: when the broker starts, for what its disk holds, and whenever it creates
 * a log. What is changed later it would hear of by `/config/changes`, which is not modelled. Source: ZkConfigRepository.
 */

import { dataOf, getData } from "../zk/store-requests.ts";
import type { ZkClient, ZkResponseHandler } from "../zk/zk-client.ts";
import { type TopicConfigZnode, topicConfigPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";

export interface TopicConfigsReader {
  onTopicConfigsRead(): void;
}

interface Reading {
  readonly topics: readonly string[];
  readonly reader: TopicConfigsReader;
}

const NOTHING_SET: ReadonlyMap<string, string> = new Map();

export class TopicConfigs implements ZkResponseHandler<Reading> {
  private readonly zk: ZkClient;
  private readonly byTopic = new Map<string, ReadonlyMap<string, string>>();
  /** The session ended before they were answered: they are made again in the next one. */
  private interrupted: Reading[] = [];

  constructor(zk: ZkClient) {
    this.zk = zk;
  }

  of(topic: string): ReadonlyMap<string, string> {
    return this.byTopic.get(topic) ?? NOTHING_SET;
  }

  /** One after the other, as Kafka. The reader hears once, never before this returns. */
  read(topics: readonly string[], reader: TopicConfigsReader): void {
    const requests = topics.map((topic) => getData(topicConfigPath(topic)));
    this.zk.request(requests, this, { topics, reader }, "serially");
  }

  onZkResponses(responses: readonly ZkResponse[], reading: Reading): void {
    if (responses.some(({ error }) => error === "SESSIONEXPIRED")) {
      this.interrupted.push(reading);
      return;
    }
    reading.topics.forEach((topic, i) => {
      const set = dataOf<TopicConfigZnode>(responses[i] as ZkResponse);
      this.byTopic.set(topic, new Map(Object.entries(set ?? {})));
    });
    reading.reader.onTopicConfigsRead();
  }

  /** There is a new session. */
  onNewSession(): void {
    const { interrupted } = this;
    this.interrupted = [];
    for (const { topics, reader } of interrupted) this.read(topics, reader);
  }
}
