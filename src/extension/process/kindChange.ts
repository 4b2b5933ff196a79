/** Tells of a change from one kind of condition to another. Work that begins and ends is none, so a listener may ask the engine. */
import type { Disposable } from '../disposables.ts';
import type { EngineCondition, EnginePort } from './enginePort.ts';

export function onKindChange(engine: EnginePort, listener: (condition: EngineCondition) => void): Disposable {
  let last = engine.condition.kind;
  return engine.onCondition((condition) => {
    if (condition.kind === last) return;
    last = condition.kind;
    listener(condition);
  });
}
