/** Sizes on the wire, for links with a bandwidth: what records weigh, plus a flat cost for the rest. */
import type { ApiName, RequestOf, ResponseOf } from "./apis.ts";
import type { FetchResponse } from "./fetch.ts";
import type { ProduceRequest } from "./produce.ts";

/** A request or response without records. */
const PLAIN_MESSAGE_BYTES = 100;

export function requestSizeInBytes<A extends ApiName>(api: A, body: RequestOf<A>): number {
  if (api !== "Produce") return PLAIN_MESSAGE_BYTES;
  let size = PLAIN_MESSAGE_BYTES;
  for (const topic of (body as ProduceRequest).topicData) {
    for (const partition of topic.partitionData) size += partition.records.sizeInBytes;
  }
  return size;
}

export function responseSizeInBytes<A extends ApiName>(api: A, body: ResponseOf<A>): number {
  if (api !== "Fetch") return PLAIN_MESSAGE_BYTES;
  let size = PLAIN_MESSAGE_BYTES;
  for (const topic of (body as FetchResponse).responses) {
    for (const partition of topic.partitions) for (const batch of partition.records) size += batch.sizeInBytes;
  }
  return size;
}
