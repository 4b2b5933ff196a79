/** Runs specs one after another and counts their steps. */
import { strict as assert } from 'node:assert';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { nothing, sum } from '../../../scripts/checks/count.ts';
import type { Count } from '../../../scripts/checks/count.ts';
import { install } from './installation.ts';
import type { Installation } from './installation.ts';
import type { Spec, Step } from './spec.ts';
import { openWorkbench } from './workbench.ts';

export interface RunOptions {
  /** code-server's `out/node/entry.js`. */
  readonly codeServer: string;
  /** Path of a Chromium. */
  readonly browser: string;
  readonly vsix: string;
}

const browserFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/**
 * Steps of all specs, each spec in a workbench of its own. A spec with a step that fails is run once more, from the
 * start: the second run counts, and the output says that a first one failed, so that it is not forgotten. A machine that
 * stalls for half a minute in a spec of dozens of waits is the usual reason.
 */
export async function runSpecs(specs: readonly Spec[], { codeServer, browser: executablePath, vsix }: RunOptions): Promise<Count> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  let all = nothing;
  const installation = await install(codeServer, vsix);
  const browser = await chromium.launch({ executablePath, args: browserFlags });
  try {
    for (const spec of specs) {
      let count = await runSpec(spec, installation, browser);
      if (count.failed > 0) {
        process.stdout.write(`UNSTEADY: ${count.failures.join('; ')}. Once more, in a new workbench:\n`);
        count = await runSpec(spec, installation, browser);
      }
      all = sum(all, count);
    }
  } finally {
    await browser.close();
    await installation.dispose();
  }
  return all;
}

/** Holds at the end of every spec. */
function nothingLeft({ links = [] }: Spec): Step {
  return {
    name: 'nothing left the machine but what the workbench itself asks for',
    run: ({ foreignHosts }) => {
      assert.deepEqual([...foreignHosts].filter((host) => host !== 'open-vsx.org' && !host.endsWith('.vscode-resource.vscode-cdn.net') && !links.includes(host)), []);
      return Promise.resolve();
    },
  };
}

/** A spec that cannot be opened is one failure; a step that fails does not keep the next ones from running. */
async function runSpec(spec: Spec, installation: Installation, browser: Browser): Promise<Count> {
  let passed = 0;
  const failures: string[] = [];
  process.stdout.write(`${spec.name}\n`);
  const workbench = await openWorkbench(installation, browser, spec).catch((error: unknown) => {
    process.stdout.write(`✗ the workbench opens\n  ${String(error)}\n`);
  });
  if (workbench === undefined) return { passed, failed: 1, failures: [`${spec.name}: the workbench opens`] };
  for (const { name, run } of [...spec.steps, nothingLeft(spec)]) {
    const started = performance.now();
    try {
      await run(workbench);
      passed++;
      process.stdout.write(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`);
    } catch (error) {
      failures.push(`${spec.name}: ${name}`);
      const picture = join(tmpdir(), `mechanist-e2e-${spec.name}-${failures.length}.png`);
      await workbench.page.screenshot({ path: picture }).catch((problem: unknown) => process.stdout.write(`  no picture: ${String(problem)}\n`));
      process.stdout.write(`✗ ${name}\n  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  picture: ${picture}\n    ${workbench.diagnosis()}\n`);
    }
  }
  await workbench.dispose();
  return { passed, failed: failures.length, failures };
}
