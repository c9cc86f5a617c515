/** What holds for every group, whatever its members subscribe to and claim to own. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Assignor, MemberSubscription, SubscribedTopic } from "../../../../src/kafka/consumer/assignors/assignor.ts";
import { ASSIGNORS } from "../../../../src/kafka/consumer/assignors/assignors.ts";
import type { TopicPartition } from "../../../../src/kafka/ids.ts";
import { named, nameOf, written } from "./group.ts";

interface Group {
  readonly members: readonly MemberSubscription[];
  readonly topics: readonly SubscribedTopic[];
}

type Given = ReadonlyMap<string, readonly TopicPartition[]>;

const TOPICS = ["t0", "t1", "t2", "t3"];
const SYNCED = { usesGeneration: true };

const replicas = fc.array(fc.constantFrom("a", "b", "c", null), { minLength: 1, maxLength: 3 });
const someTopics: fc.Arbitrary<SubscribedTopic[]> = fc
  .tuple(...TOPICS.map((topic) => fc.array(replicas, { maxLength: 6 }).map((replicaRacks) => ({ topic, replicaRacks }))))
  .map((topics) => topics.filter(({ replicaRacks }) => replicaRacks.length > 0));
const claim = fc.record({ topic: fc.constantFrom(...TOPICS), partition: fc.nat({ max: 5 }) });
const claims = fc.uniqueArray(claim, { maxLength: 8, selector: nameOf });
const rack = fc.constantFrom("a", "b", "c", "", null);

function groupOf(subscription: fc.Arbitrary<string[]>, racks = rack): fc.Arbitrary<Group> {
  const one = fc.record({
    memberId: fc.string({ unit: fc.constantFrom("a", "b", "z", "-", "1"), minLength: 1, maxLength: 4 }),
    groupInstanceId: fc.option(fc.constantFrom("i1", "i2", "i3", "i4", "i5", "i6"), { freq: 3 }),
    topics: subscription,
    ownedPartitions: claims,
    generationId: fc.integer({ min: -1, max: 3 }),
    rackId: racks,
  });
  const members = fc
    .uniqueArray(one, { minLength: 1, maxLength: 6, selector: ({ memberId }) => memberId })
    .map((all) =>
      all.filter((m, i) => m.groupInstanceId === null || i === all.findIndex((o) => o.groupInstanceId === m.groupInstanceId)),
    );
  return fc.record({ members, topics: someTopics });
}

const anyGroup = groupOf(fc.subarray(TOPICS));
const equalGroup = fc.subarray(TOPICS, { minLength: 1 }).chain((subscription) => groupOf(fc.constant(subscription)));
const equalRackless = fc.subarray(TOPICS, { minLength: 1 }).chain((topics) => groupOf(fc.constant(topics), fc.constant(null)));
const anyRackless = groupOf(fc.subarray(TOPICS), fc.constant(null));

function assign(assignor: Assignor, { members, topics }: Group, options = SYNCED): Given {
  return assignor.assign(members, topics, options);
}

function all({ members, topics }: Group): string[] {
  const wanted = new Set(members.flatMap((member) => member.topics));
  return topics
    .filter(({ topic }) => wanted.has(topic))
    .flatMap(({ topic, replicaRacks }) => replicaRacks.map((_, partition) => nameOf({ topic, partition })))
    .sort();
}

function names(given: Given): string[] {
  return [...given.values()].flat().map(nameOf).sort();
}

function sizes(given: Given): number[] {
  return [...given.values()].map(({ length }) => length);
}

/** The same members after the rebalance: they own what they were given, and know it by the new generation. */
function afterwards({ members, topics }: Group, given: Given, generationId = 9): Group {
  const next = members.map((member) => ({ ...member, ownedPartitions: given.get(member.memberId) ?? [], generationId }));
  return { members: next, topics };
}

const cooperative = named("cooperative-sticky");
const sticky = named("sticky");

describe.each([...ASSIGNORS.values()])("$name", (assignor) => {
  test.prop([anyGroup])("gives only to subscribers, only what exists, and nothing twice", (group) => {
    const given = assign(assignor, group);
    expect([...given.keys()].sort()).toEqual(group.members.map(({ memberId }) => memberId).sort());
    for (const { memberId, topics } of group.members) {
      for (const { topic } of given.get(memberId) ?? []) expect(topics).toContain(topic);
    }
    const partitions = names(given);
    expect(new Set(partitions).size).toBe(partitions.length);
    expect(all(group)).toEqual(expect.arrayContaining(partitions));
  });

  test.prop([anyGroup, fc.nat()])("does not depend on the order in which members and topics are named", (group, turn) => {
    const turned = <T>(list: readonly T[]): T[] => {
      const at = list.length === 0 ? 0 : turn % list.length;
      return [...list.slice(at), ...list.slice(0, at)].reverse();
    };
    const other = { members: turned(group.members), topics: turned(group.topics) };
    expect(written(assign(assignor, other))).toEqual(written(assign(assignor, group)));
  });
});

describe.each([named("range"), named("roundrobin"), sticky])("$name", (assignor) => {
  test.prop([anyGroup])("gives every partition of a subscribed topic to somebody", (group) => {
    expect(names(assign(assignor, group))).toEqual(all(group));
  });
});

test.prop([equalGroup])("range: of each topic nobody has two more than another who subscribes to it", (group) => {
  const given = assign(named("range"), group);
  for (const { topic } of group.topics) {
    const counts = [...given.values()].map((partitions) => partitions.filter((partition) => partition.topic === topic).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test.prop([equalRackless])("range: topics with equally many partitions are divided alike", (group) => {
  const given = assign(named("range"), group);
  const byCount = new Map<number, string>();
  for (const { topic, replicaRacks } of group.topics.filter(({ topic }) => group.members[0]?.topics.includes(topic))) {
    const division = JSON.stringify(
      [...given].map(([id, partitions]) => [id, partitions.filter((p) => p.topic === topic).map(({ partition }) => partition)]),
    );
    expect(byCount.get(replicaRacks.length) ?? division).toBe(division);
    byCount.set(replicaRacks.length, division);
  }
});

describe.each([named("roundrobin"), sticky])("$name", (assignor) => {
  test.prop([equalGroup])("with equal subscriptions nobody has two more than another", (group) => {
    const counts = sizes(assign(assignor, group));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });
});

describe("sticky", () => {
  test.prop([anyGroup])("nobody could be given a partition of a member that has at least two more", (group) => {
    const given = assign(sticky, group);
    for (const { memberId, topics } of group.members) {
      const size = given.get(memberId)?.length ?? 0;
      for (const others of given.values()) {
        if (others.some(({ topic }) => topics.includes(topic))) expect(others.length).toBeLessThanOrEqual(size + 1);
      }
    }
  });

  // Where racks matter, what is not near its owner is given up, to be dealt out again.
  test.prop([anyRackless])("an assignment that nothing has changed stays as it is", (group) => {
    const given = assign(sticky, group);
    expect(written(assign(sticky, afterwards(group, given)))).toEqual(written(given));
  });

  test.prop([equalRackless, fc.nat()])("when a member leaves, the others keep all that they have", (group, who) => {
    fc.pre(group.members.length > 1);
    const given = assign(sticky, group);
    const rest = group.members.filter((_, i) => i !== who % group.members.length);
    const now = assign(sticky, afterwards({ ...group, members: rest }, given));
    for (const { memberId } of rest) {
      expect((now.get(memberId) ?? []).map(nameOf)).toEqual(expect.arrayContaining((given.get(memberId) ?? []).map(nameOf)));
    }
  });

  test.prop([equalRackless])("when a member joins, the others only give", (group) => {
    const given = assign(sticky, group);
    const topics = group.members[0]?.topics ?? [];
    const fresh = { memberId: "new", groupInstanceId: null, topics, ownedPartitions: [], generationId: -1, rackId: null };
    const old = afterwards(group, given);
    const now = assign(sticky, { ...group, members: [...old.members, fresh] });
    for (const { memberId } of group.members) {
      expect((given.get(memberId) ?? []).map(nameOf)).toEqual(expect.arrayContaining((now.get(memberId) ?? []).map(nameOf)));
    }
  });
});

describe("cooperative-sticky", () => {
  /** Ids of those that say that they own it. */
  function claimants({ members }: Group, partition: TopicPartition): string[] {
    const name = nameOf(partition);
    return members
      .filter(({ ownedPartitions }) => ownedPartitions.some((p) => nameOf(p) === name))
      .map(({ memberId }) => memberId);
  }

  /** The claim of a later generation than all others. */
  function winner({ members }: Group, claims: readonly string[]): string | undefined {
    const generationOf = (id: string): number => members.find(({ memberId }) => memberId === id)?.generationId ?? -1;
    const latest = Math.max(...claims.map(generationOf));
    const winners = claims.filter((id) => generationOf(id) === latest);
    return winners.length === 1 ? winners[0] : undefined;
  }

  test.prop([anyGroup])(
    "never gives a member what another still claims, unless its own claim is of a later generation",
    (group) => {
      for (const [memberId, given] of assign(cooperative, group)) {
        for (const partition of given) {
          const claims = claimants(group, partition);
          if (claims.some((claimant) => claimant !== memberId)) expect(winner(group, claims)).toBe(memberId);
        }
      }
    },
  );

  test.prop([anyGroup])("what it withholds is claimed by somebody who has to give it up", (group) => {
    const given = assign(cooperative, group);
    const dealt = new Set(names(given));
    const withheld = all(group).filter((name) => !dealt.has(name));
    for (const name of withheld) {
      const claims = group.members.filter(({ ownedPartitions }) => ownedPartitions.some((p) => nameOf(p) === name));
      expect(claims.length).toBeGreaterThan(0);
    }
  });

  test.prop([equalRackless])("with equal subscriptions everything is dealt out one round later", (group) => {
    const first = assign(cooperative, group);
    const second = assign(cooperative, afterwards(group, first, 10));
    expect(names(second)).toEqual(all(group));
  });

  // With both, racks and different subscriptions, it may go on for ever: what is near to nobody is dealt out anew in every round.
  test.prop([fc.oneof(anyRackless, equalGroup)])(
    "with different subscriptions, or with racks, it takes a few rounds more",
    (group) => {
      let now = group;
      for (let round = 4; round < 10; round++) now = afterwards(group, assign(cooperative, now), round);
      expect(names(assign(cooperative, now))).toEqual(all(group));
    },
  );

  test.prop([equalRackless, fc.nat({ max: 3 })])(
    "before the fix, claims that contradict each other are all kept as far as quotas allow",
    (group, most) => {
      fc.pre(group.members.length > 1);
      // All members claim the same few partitions: whoever has room for them keeps them, and so on for ever.
      const shared = all(group)
        .slice(0, most)
        .map((name) => ({ topic: name.split("p")[0] as string, partition: Number(name.split("p")[1]) }));
      const members = group.members.map((member) => ({ ...member, ownedPartitions: shared, generationId: 1 }));
      const first = assign(cooperative, { ...group, members }, { usesGeneration: false });
      const second = assign(cooperative, afterwards(group, first, 2), { usesGeneration: false });
      for (const given of [first, second]) {
        for (const partitions of given.values()) {
          expect(partitions.map(nameOf)).toEqual(expect.arrayContaining(shared.map(nameOf)));
        }
      }
      expect(all(group)).toEqual([...new Set(names(second))].sort());
    },
  );
});
