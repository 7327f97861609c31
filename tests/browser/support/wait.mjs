// The one place where tests let time pass.

/** Longer than anything takes that works, on a machine that is busy with other tests. */
export const PATIENCE = 60_000;

const PAUSE = 50;

/** Looks until there is something to see, and gives it back. */
export async function eventually(what, look, patience = PATIENCE) {
  const end = performance.now() + patience;
  let last;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not within ${patience} ms: ${what} (last: ${last})`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
