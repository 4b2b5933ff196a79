/** The client's state in the words of the surfaces. */
import type { EngineState, RunningCall } from '../../protocol/engineState.ts';
import type { Translate } from '../translate.ts';
import type { EngineCondition } from './enginePort.ts';

export function conditionOf(state: EngineState, t: Translate): EngineCondition {
  switch (state.kind) {
    case 'idle': case 'starting': return { kind: state.kind };
    case 'ready': return { kind: 'ready', busy: false };
    case 'busy': return { kind: 'ready', busy: true };
    case 'crashed': return state.restarting ? { kind: 'starting' } : { kind: 'failed', reason: crashText(state, t) };
    case 'stopped': return { kind: 'failed', reason: state.reason };
  }
}

/** What happened and what it was doing, for the user. */
export function crashText(crash: Extract<EngineState, { kind: 'crashed' }>, t: Translate): string {
  const how = crash.hung ? t('The engine did not respond and was ended.') : t('The engine ended unexpectedly ({0}).', crash.signal ?? t('exit code {0}', String(crash.code)));
  const doing = [...new Set(crash.running.map(describeCall))].join(', ');
  return doing === '' ? how : `${how} ${t('It was working on: {0}.', doing)}`;
}

const describeCall = ({ method, opening }: RunningCall): string => (opening === undefined ? method : `${method} ${opening}`);
