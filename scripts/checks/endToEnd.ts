/** The end-to-end tests: packs the extension, and runs all specs with it in a real workbench. */
import { packageFor, ownTarget } from '../build/vsix.ts';
import { ensureBrowser } from '../bootstrap/browser.mjs';
import { BootstrapError } from '../bootstrap/fail.mjs';
import { ensureWorkbench } from '../bootstrap/workbench.mjs';
import type { Count } from './count.ts';
import { nothing } from './count.ts';
import { specs } from '../../test/e2e/specs.ts';
import { runSpecs } from '../../test/e2e/support/run.ts';

export interface EndToEndResult extends Count {
  /** Why nothing was run. */
  readonly notRun?: string;
}

/** Not run on a machine that has no browser and lets none be installed; anything else that goes wrong is a failure. */
export async function runEndToEnd(): Promise<EndToEndResult> {
  if (process.platform !== 'linux') return { ...nothing, notRun: 'they look at processes as Linux shows them' };
  let browser: string;
  try {
    browser = ensureBrowser();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    return { ...nothing, notRun: error.message };
  }
  const started = performance.now();
  const codeServer = await ensureWorkbench();
  const vsix = await packageFor(ownTarget);
  const count = await runSpecs(specs, { codeServer, browser, vsix });
  process.stdout.write(`end-to-end tests: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  return count;
}
