/** All specs, in the order in which they run. */
import { algorithmic } from './algorithmic.ts';
import { algorithmicGraphs } from './algorithmicGraphs.ts';
import { algorithmicHeads } from './algorithmicHeads.ts';
import { algorithmicQuestion } from './algorithmicQuestion.ts';
import { corpora } from './corpora.ts';
import { cycles } from './cycles.ts';
import { engine } from './engine.ts';
import { findings } from './findings.ts';
import { findingsFiles } from './findingsFiles.ts';
import { findingsPin } from './findingsPin.ts';
import { hover } from './hover.ts';
import { hubModels } from './hub.ts';
import { inspector } from './inspector.ts';
import { assistants, labels } from './labels.ts';
import { methods } from './methods.ts';
import { models } from './models.ts';
import { probes } from './probes.ts';
import { reload } from './reload.ts';
import { restricted } from './restricted.ts';
import { semantic } from './semantic.ts';
import { surfaces } from './surfaces.ts';
import { tools } from './tools.ts';
import type { Spec } from './support/spec.ts';

export const specs: readonly Spec[] = [hover, inspector, surfaces, methods, models, hubModels, probes, engine, restricted, reload, cycles, semantic, labels, assistants, corpora, algorithmic, algorithmicQuestion, algorithmicHeads, algorithmicGraphs, findings, tools];

/** Run by name only: their steps change the focus between panels and notes so often that a busy machine breaks one now and then. */
export const byName: readonly Spec[] = [findingsPin, findingsFiles];
