/**
 * Brings the model and the dictionary that a subject's URI names into use, so that a view shows what is meant and not
 * its namesake in whatever is open. Bundled models are opened for it; others a person opens. Knows no vscode.
 */
import type { ModelSource, ModelSummary } from '../../protocol/methods.ts';
import type { Subject } from '../../protocol/views/panel.ts';
import { linkTarget } from '../../notes/subjects.ts';
import type { LinkTarget } from '../../notes/subjects.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { Translate } from '../translate.ts';
import type { ActiveModel, OpenModels } from './openModels.ts';

interface Parts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  /** Opens a bundled model, with progress where there is a window. */
  readonly open: (source: ModelSource) => Promise<ActiveModel>;
  readonly translate: Translate;
}

/** The subject, for a feature with its number and the key of its dictionary. Rejects with an `Error` that says what is not open, and with `PeerError`. */
export async function bringSubject(subject: Subject, parts: Parts): Promise<Subject> {
  const { translate: t } = parts;
  const target = linkTarget(subject.subject);
  if (target === undefined || target.kind === 'finding') throw new Error(t('This is not a link to a subject: {0}', subject.subject));
  const model = await modelOf(target, subject.dictionary, parts);
  if (target.kind === 'feature') return { ...subject, feature: target.index, dictionary: bringDictionary(target, model, subject.dictionary, parts) };
  if ((target.kind === 'component' || target.kind === 'direction') && !hasHook(model, target.hook)) throw new Error(t('{0} has no hook point {1}.', model.id, target.hook));
  if (parts.models.active?.model.model !== model.model) parts.models.use(model.model);
  return subject;
}

/** Hook points that are computed on request are not among those of a summary; what they come from is. */
const onRequest = /\.(?:attn\.hook_result|hook_[qkv]_input)$/;

function hasHook({ hookPoints }: ModelSummary, hook: string): boolean {
  return hookPoints.includes(hook) || (onRequest.test(hook) && hookPoints.includes(hook.replace(onRequest, '.attn.hook_z')));
}

/** Of several open models with the id, the one with the dictionary that is passed, then the one in use. */
async function modelOf(target: Exclude<LinkTarget, { readonly kind: 'finding' }>, key: string | undefined, { engine, models, open, translate: t }: Parts): Promise<ModelSummary> {
  const named = models.all.filter(({ id }) => id === target.model);
  const { active } = models;
  const holding = named.filter(({ dictionaries }) => dictionaries.some(({ dictionary, id }) => dictionary === key || (target.kind === 'feature' && id === target.dictionary)));
  const found = holding.find(({ dictionaries }) => dictionaries.some(({ dictionary }) => dictionary === key))
    ?? holding.find(({ model }) => model === active?.model.model) ?? holding[0]
    ?? named.find(({ model }) => model === active?.model.model) ?? named[0];
  if (found !== undefined) return found;
  const bundled = await engine.call('zoo.list', {});
  if (!bundled.some(({ id }) => id === target.model)) throw new Error(t('The model {0} is not open, and does not come with Mechanist. Open it, then follow the link again.', target.model));
  return (await open({ kind: 'zoo', id: target.model })).model;
}

function bringDictionary(target: Extract<LinkTarget, { readonly kind: 'feature' }>, model: ModelSummary, key: string | undefined, { models, translate: t }: Parts): string {
  const named = model.dictionaries.filter(({ id }) => id === target.dictionary);
  const found = named.find(({ dictionary }) => dictionary === key) ?? named[0];
  if (found === undefined) throw new Error(t('{0} has no open dictionary {1}. Open it, then follow the link again.', model.id, target.dictionary));
  if (target.index >= found.latents) throw new Error(t('{0} has {1} features; there is no #{2}.', found.id, found.latents, target.index));
  const { active } = models;
  if (active?.model.model !== model.model || active.dictionary?.dictionary !== found.dictionary) models.useDictionary(model.model, found.dictionary);
  return found.dictionary;
}
