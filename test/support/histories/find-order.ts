import type { RecordedCall } from './history.js';

/** What does one thing at a time. */
export interface SequentialModel<State, Input> {
  readonly initial: State;
  /** The state after a call; undefined when that call would have come to another outcome in this state. */
  readonly after: (state: State, call: RecordedCall<Input>) => State | undefined;
}

/**
 * An order in which the calls of a history could have been made one at a time, each with the outcome it had; undefined when there is
 * none. A call that had ended before another began comes before it (linearizability: Herlihy and Wing, 1990). What has been
 * tried from one state with the same calls left is not tried again (Lowe, 2017).
 */
export function findOrder<State, Input>(
  calls: readonly RecordedCall<Input>[],
  { after, initial }: SequentialModel<State, Input>,
): readonly RecordedCall<Input>[] | undefined {
  const tried = new Set<string>();
  const search = (left: readonly RecordedCall<Input>[], state: State): readonly RecordedCall<Input>[] | undefined => {
    if (left.length === 0) return [];
    const situation = `${left.map(({ begun }) => begun).join()} ${JSON.stringify(state)}`;
    if (tried.has(situation)) return undefined;
    tried.add(situation);
    const firstEnd = Math.min(...left.map(({ ended }) => ended));
    for (const call of left.filter(({ begun }) => begun < firstEnd)) {
      const next = after(state, call);
      if (next === undefined) continue;
      const rest = search(
        left.filter((other) => other !== call),
        next,
      );
      if (rest) return [call, ...rest];
    }
    return undefined;
  };
  return search(calls, initial);
}
