/** A call as those know it who let it wait: another object for each. */
export interface WaitingCaller {
  /** Aborted when nobody is there any more to be answered. */
  readonly gone?: AbortSignal;
  /** Told when the call begins to wait for others, who may take as long as they like. What it returns is told when it goes on. */
  beginWait?(): () => void;
}

/** Waits, and lets the caller know for how long. */
export async function whileWaiting<T>(caller: WaitingCaller, wait: () => Promise<T>): Promise<T> {
  const endWait = caller.beginWait?.();
  try {
    return await wait();
  } finally {
    endWait?.();
  }
}
