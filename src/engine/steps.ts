/** Work in steps: a generator that yields between them, so that who runs it hears messages meanwhile. */

/** Runs it to its end at once. */
export function resultOf<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
