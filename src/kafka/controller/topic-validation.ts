/** Whether a topic may be called so, and whether its settings make sense. Source: Topic.validate, LogConfig.validate. */
import type { ConfigDefinition } from "../config/definition.ts";
import { TOPIC_CONFIG } from "../config/topic-config.ts";
import type { TopicImage } from "../metadata/image.ts";
import { METADATA_TOPIC } from "../metadata/records.ts";

const NAME_LENGTH_MAX = 249;
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

/** What is wrong with the name (Kafka answers INVALID_TOPIC_EXCEPTION), or undefined. */
export function topicNameProblem(name: string, existing: Iterable<Pick<TopicImage, "name">>): string | undefined {
  if (name === "") return "the name is empty";
  if (name === "." || name === "..") return `'${name}' is not a legal name`;
  if (name.length > NAME_LENGTH_MAX) return `the name is longer than ${NAME_LENGTH_MAX} characters`;
  if (!LEGAL_NAME.test(name)) return `'${name}' has other characters than ASCII letters, digits, '.', '_' and '-'`;
  if (name === METADATA_TOPIC) return `'${name}' is the metadata log`;
  if (!hasCollisionChars(name)) return undefined;
  // Metric names turn a period into an underscore, so two topics may not differ in that alone.
  const unified = unifyCollisionChars(name);
  for (const topic of existing) {
    if (topic.name !== name && unifyCollisionChars(topic.name) === unified) return `'${name}' collides with '${topic.name}'`;
  }
  return undefined;
}

function hasCollisionChars(name: string): boolean {
  return name.includes(".") || name.includes("_");
}

function unifyCollisionChars(name: string): string {
  return name.replaceAll(".", "_");
}

const DEFINITIONS: Readonly<Record<string, ConfigDefinition>> = TOPIC_CONFIG;

/** What is wrong with the settings (Kafka answers INVALID_CONFIG), or undefined. */
export function topicConfigProblem(configs: readonly { readonly name: string; readonly value: string }[]): string | undefined {
  for (const { name, value } of configs) {
    const definition = Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name] : undefined;
    if (definition === undefined) return `unknown topic config name: ${name}`;
    if (!isLegalValue(definition, value)) return `invalid value ${value} for configuration ${name}`;
  }
  return undefined;
}

function isLegalValue({ type, min, max, values }: ConfigDefinition, value: string): boolean {
  if (type === "boolean") return value === "true" || value === "false";
  if (type === "string") return values === undefined || values.includes(value);
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number)) return false;
  return (min === undefined || number >= min) && (max === undefined || number <= max);
}
