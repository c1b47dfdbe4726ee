/** Runs passes one at a time: when woken, and now and then, since what another replica or an outage left behind wakes nobody. */
export interface Loop {
  /** A pass soon; woken while one runs, another follows it. */
  wake(): void;
  start(): void;
  /** Ends with the pass under way. */
  stop(): Promise<void>;
}

export function createLoop(pass: () => Promise<void>, options: { readonly everyMs: number; readonly onError: (error: unknown) => void }): Loop {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let again = false;

  const wake = () => {
    if (timer === undefined) return;
    again = true;
    running ??= (async () => {
      while (again && timer !== undefined) {
        again = false;
        await pass().catch(options.onError);
      }
      running = null;
    })();
  };

  return {
    wake,
    start: () => {
      timer = setInterval(wake, options.everyMs);
      wake();
    },
    stop: async () => {
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  };
}
