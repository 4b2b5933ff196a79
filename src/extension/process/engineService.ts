/**
 * The engine process as the extension owns it: forked on first use from its own bundle, its output in the log, its end
 * told once. Restarting, refusing and hang detection are the client's.
 */
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Uri, l10n, window } from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { engineProcess } from '../../protocol/childProcess.ts';
import type { EngineProcess } from '../../protocol/childProcess.ts';
import { EngineClient } from '../../protocol/engineClient.ts';
import type { EngineCallOptions } from '../../protocol/engineClient.ts';
import type { EngineState } from '../../protocol/engineState.ts';
import type { MethodName, Params, Results } from '../../protocol/methods.ts';
import { contextKeys } from '../contextKeys.ts';
import { setContextKey } from '../setContextKey.ts';
import { Listeners } from '../listeners.ts';
import type { Disposable } from '../disposables.ts';
import { conditionOf, crashText, silenceText } from './condition.ts';
import type { EngineCondition, EnginePort } from './enginePort.ts';

export class EngineService implements EnginePort, Disposable {
  private readonly log: LogOutputChannel;
  private readonly client: EngineClient;
  private readonly changes = new Listeners<EngineCondition>();
  private lastWords = '';
  private toldSilence = false;

  constructor(extensionUri: Uri, log: LogOutputChannel) {
    this.log = log;
    const told = process.env['MECHANIST_DIAGNOSTICS'] === '1' ? 'info' : 'debug';
    this.client = new EngineClient({
      start: () => this.start(extensionUri),
      onCancelled: (milliseconds) => log[told](`engine: answered ${milliseconds.toFixed(0)} ms after a cancellation`),
    });
    this.client.onState((state) => this.tell(state));
  }

  readonly onCondition = this.changes.event;

  get condition(): EngineCondition {
    return conditionOf(this.client.state, l10n.t);
  }

  call<M extends MethodName>(method: M, params: Params<M>, options?: EngineCallOptions): Promise<Results[M]> {
    return this.client.call(method, params, options);
  }

  async restart(): Promise<void> {
    this.log.info('engine: restart requested');
    await this.client.restart();
  }

  /** Waits for the process to end; `deactivate` gives it the time. */
  async dispose(): Promise<void> {
    this.changes.dispose();
    await this.client.shutdown();
  }

  private start(extensionUri: Uri): EngineProcess {
    const inside = (...path: string[]): string => Uri.joinPath(extensionUri, ...path).fsPath;
    // The host's own executable runs as Node with this variable, in desktop windows and on servers alike.
    const child = fork(inside('dist', 'engine.mjs'), ['--zoo', inside('zoo', 'models')], {
      execPath: process.execPath, execArgv: [], env: childEnvironment(), serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.lastWords = '';
    this.log.info(`engine: started, process ${child.pid ?? '(none)'}`);
    this.relay(child.stdout!, (line) => this.log.debug(`engine: ${line}`));
    this.relay(child.stderr!, (line) => {
      this.lastWords = `${this.lastWords}\n${line}`.slice(-4_000);
      this.log.warn(`engine: ${line}`);
    });
    return engineProcess(child);
  }

  private relay(stream: Readable, write: (line: string) => void): void {
    createInterface({ input: stream }).on('line', write);
  }

  private tell(state: EngineState): void {
    if (state.kind === 'ready' || state.kind === 'busy') this.log.trace(`engine: ${state.kind}`);
    else this.log.info(`engine: ${state.kind}`);
    const condition = conditionOf(state, l10n.t);
    void setContextKey(contextKeys.engineFailed, condition.kind === 'failed');
    // Later, because a listener may call the engine: on a crash the client starts the next process after it has told its state.
    queueMicrotask(() => this.changes.fire(condition));
    if (state.kind === 'crashed') void this.offerRestart(crashText(state, this.lastWords, l10n.t), state.restarting);
    if (state.kind !== 'busy' || !state.silent) this.toldSilence = false;
    else if (!this.toldSilence) {
      this.toldSilence = true;
      void this.offerEnd(silenceText(state, l10n.t));
    }
  }

  /** Of an engine that says nothing: it is left alone unless the user decides otherwise. */
  private async offerEnd(what: string): Promise<void> {
    this.log.warn(what);
    const [restart, showLog] = [l10n.t('Restart engine'), l10n.t('Show log')];
    const chosen = await window.showWarningMessage(what, restart, showLog);
    if (chosen === showLog) this.log.show();
    if (chosen === restart) await this.restart();
  }

  private async offerRestart(what: string, restarting: boolean): Promise<void> {
    this.log.error(what);
    const [restart, showLog] = [l10n.t('Restart engine'), l10n.t('Show log')];
    const message = restarting ? `${what} ${l10n.t('It is started again; models are opened again when they are needed.')}` : what;
    const chosen = await window.showErrorMessage(message, ...(restarting ? [showLog] : [restart, showLog]));
    if (chosen === showLog) this.log.show();
    if (chosen === restart) await this.restart();
  }
}

/** The host's environment without what would make the child inspect, wait or speak to another VS Code. */
function childEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:VSCODE_|NODE_OPTIONS$|ELECTRON_)/.test(name));
  return { ...Object.fromEntries(inherited), ELECTRON_RUN_AS_NODE: '1' };
}
