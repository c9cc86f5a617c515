/** What became of a record of a partition in a group. */
export const FATE = {
  /** Nobody has processed it yet. */
  open: 0,
  processed: 1,
  /** The application has given up on it. */
  givenUp: 2,
  /** The group was told to go on behind it: by its reset policy, by a seek, or by an operator. */
  passed: 3,
} as const;
