/** The client's state in the words of the surfaces. */
import type { EngineState, RunningCall } from '../../protocol/engineState.ts';
import type { Translate } from '../translate.ts';
import type { EngineCondition } from './enginePort.ts';

export function conditionOf(state: EngineState, t: Translate): EngineCondition {
  switch (state.kind) {
    case 'idle': case 'starting': return { kind: state.kind };
    case 'ready': return { kind: 'ready', busy: false };
    case 'busy': return { kind: 'ready', busy: true, ...(state.silent ? { silent: true } : {}) };
    case 'crashed': return state.restarting ? { kind: 'starting' } : { kind: 'failed', reason: crashText(state, '', t) };
    case 'stopped': return { kind: 'failed', reason: state.reason };
  }
}

/** What happened and what it was doing, for the user. `lastWords`: the end of what the process wrote. */
export function crashText(crash: Extract<EngineState, { kind: 'crashed' }>, lastWords: string, t: Translate): string {
  const how = crash.hung ? t('The engine did not respond and was ended.') : endText(crash, lastWords, t);
  return withCalls(how, crash.running, t);
}

/** Of an engine that is alive and says nothing. */
export function silenceText(busy: Extract<EngineState, { kind: 'busy' }>, t: Translate): string {
  return withCalls(t('The engine has not answered for a while. It may be in a long run, or stuck.'), busy.running, t);
}

function endText({ signal, code }: Extract<EngineState, { kind: 'crashed' }>, lastWords: string, t: Translate): string {
  const how = signal ?? t('exit code {0}', String(code));
  if (/out of memory|bad_alloc|cannot allocate memory/i.test(lastWords)) return t('The engine ran out of memory and ended ({0}). A smaller model or text may fit.', how);
  // The system ends processes this way when memory is short, and says so nowhere that we can read.
  if (signal === 'SIGKILL') return t('The engine ended unexpectedly ({0}), as when memory runs out.', how);
  return t('The engine ended unexpectedly ({0}).', how);
}

function withCalls(how: string, calls: readonly RunningCall[], t: Translate): string {
  const doing = [...new Set(calls.map(describeCall))].join(', ');
  return doing === '' ? how : `${how} ${t('It was working on: {0}.', doing)}`;
}

const describeCall = ({ method, opening }: RunningCall): string => (opening === undefined ? method : `${method} ${opening}`);
