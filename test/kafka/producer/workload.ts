/** A producer application for tests: records of about 20 bytes without keys. */
import type { ProducerConfig } from "../../../src/kafka/config/client-config.ts";
import { ProducerProcess } from "../../../src/kafka/producer/producer-process.ts";
import { compileRecordTemplate, type RecordTemplate } from "../../../src/kafka/producer/record-template.ts";
import type { ProducerWorkload } from "../../../src/kafka/producer/workload.ts";
import { producerConfig, type ScriptedCluster } from "../client/scripted-cluster.ts";

export function template(text: string): RecordTemplate {
  const compiled = compileRecordTemplate(text);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.template;
}

/** 10 records at 100/s from the start on, unless told otherwise. */
export function produce(
  cluster: ScriptedCluster,
  config: Partial<ProducerConfig> = {},
  workload: Partial<ProducerWorkload> = {},
): void {
  const { bootstrap, dials } = cluster;
  cluster.run("checkout", (host) => {
    const plan: ProducerWorkload = { rate: 100, count: 10, startUs: 0, key: null, value: template("value-{n}"), ...workload };
    return new ProducerProcess({
      host,
      name: "checkout",
      topic: "orders",
      config: producerConfig(config),
      dials,
      workload: plan,
      bootstrap,
    });
  });
}
