/** A condition the reader can act on: its message is shown without a stack. */
export class BootstrapError extends Error {}

/**
 * Runs `main`; a {@link BootstrapError} becomes a message on stderr and exit code 1.
 * @param {() => Promise<void>} main
 */
export async function runBootstrap(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
