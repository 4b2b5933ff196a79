/** Training a probe step by step: labels, property, hook point, name. Then its scores are told, with what to do next. */
import { ProgressLocation, QuickPickItemKind, l10n, window } from 'vscode';
import type { QuickPickItem } from 'vscode';
import { probeNamePattern } from '../../protocol/methods/probes.ts';
import type { LabelQuestions, LabelSource, ProbeProgress, ProbeSummary } from '../../protocol/methods/probes.ts';
import type { ModelSummary } from '../../protocol/methods.ts';
import { pickStep } from '../pick.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { pickLabels } from './labelSources.ts';
import type { Probes } from './probes.ts';
import { propertyName, scoreText, suggestedName } from './words.ts';
import { withSignal } from '../withSignal.ts';

export interface ProbeParts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly probes: Probes;
}

interface Property {
  readonly variable: string;
  readonly question: string;
}

const totalSteps = 4;

/** The new probe; undefined when the user thinks better of it. Rejects with `PeerError`. */
export async function trainProbeInSteps({ engine, models, probes }: ProbeParts): Promise<ProbeSummary | undefined> {
  const folder = probes.folderForNew();
  const { model, dictionary } = await models.need();
  for (;;) {
    const labels = await pickLabels(model, totalSteps);
    if (labels === undefined) return undefined;
    const asked = engine.call('probe.labels', { model: model.model, labels });
    const chosen = await pickRest(asked, dictionary?.hook, probes);
    if (chosen === undefined) return undefined;
    if (chosen === 'back') continue;
    return train(engine, probes, { model, labels, folder, ...chosen });
  }
}

interface Chosen extends Property {
  readonly hook: string;
  readonly name: string;
}

/** The steps after the labels, each with a way back to the one before. */
async function pickRest(asked: Promise<LabelQuestions>, usedHook: string | undefined, probes: Probes): Promise<Chosen | 'back' | undefined> {
  for (;;) {
    const property = await pickProperty(asked);
    if (property === undefined || property === 'back') return property;
    for (;;) {
      const hook = await pickHook(asked, property, usedHook);
      if (hook === undefined) return undefined;
      if (hook === 'back') break;
      const name = await pickName(property, hook, probes);
      if (name === undefined) return undefined;
      if (name !== 'back') return { ...property, hook, name };
    }
  }
}

async function pickProperty(asked: Promise<LabelQuestions>): Promise<Property | 'back' | undefined> {
  const items = asked.then(({ variables }) => variables.flatMap(({ name, questions }) => questions.map((question) => ({
    label: propertyName({ variable: name, question: question.name }), description: l10n.t('{0} tokens for, {1} against', question.positive, question.negative), value: { variable: name, question: question.name },
  }))));
  const picked = await pickStep<Property>({ title: l10n.t('Property to probe for'), placeholder: l10n.t('A property that the labels tell'), step: 2, totalSteps, items });
  return picked === undefined || picked === 'back' ? picked : picked.value;
}

async function pickHook(asked: Promise<LabelQuestions>, property: Property, used: string | undefined): Promise<string | 'back' | undefined> {
  const items = asked.then(({ hooks }): (QuickPickItem & { readonly value?: string })[] => {
    const stream = hooks.filter((hook) => /^blocks\.\d+\.hook_resid_post$/.test(hook));
    const item = (hook: string) => ({ label: hook, ...(hook === used ? { description: l10n.t('read by the dictionary in use') } : {}), value: hook });
    return [
      { label: l10n.t('Residual stream after each layer'), kind: QuickPickItemKind.Separator }, ...stream.map(item),
      { label: l10n.t('Other hook points'), kind: QuickPickItemKind.Separator }, ...hooks.filter((hook) => !stream.includes(hook)).map(item),
    ];
  });
  const picked = await pickStep<string>({ title: l10n.t('Where to probe for “{0}”', propertyName(property)), placeholder: l10n.t('Hook point with a vector for each token'), step: 3, totalSteps, items });
  return picked === undefined || picked === 'back' ? picked : picked.value;
}

async function pickName(property: Property, hook: string, probes: Probes): Promise<string | 'back' | undefined> {
  const taken = new Set((await probes.readable()).map(({ name }) => name));
  const item = (name: string) => ({ label: name, ...(taken.has(name) ? { description: l10n.t('replaces the probe of this name') } : {}), value: name });
  const suggested = suggestedName(propertyName(property), hook);
  const picked = await pickStep<string>({
    title: l10n.t('Name of the probe'), placeholder: l10n.t('Enter trains it; or type another name'), step: 4, totalSteps, items: Promise.resolve([item(suggested)]),
    typed: (text) => (text.trim() !== suggested && probeNamePattern.test(text.trim()) ? item(text.trim()) : undefined),
  });
  return picked === undefined || picked === 'back' ? picked : picked.value;
}

async function train(engine: EnginePort, probes: Probes, { model, ...chosen }: Chosen & { readonly model: ModelSummary; readonly labels: LabelSource; readonly folder: string }): Promise<ProbeSummary> {
  const title = l10n.t('Training a probe for “{0}” at {1}', propertyName(chosen), chosen.hook);
  const probe = await window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (progress, cancel) =>
    withSignal(cancel, (signal) => engine.call('probe.train', { model: model.model, ...chosen }, { priority: 'batch', signal, onProgress: (step) => progress.report({ message: stepText(step as ProbeProgress) }) })));
  probes.forget();
  return probe;
}

function stepText({ stage, done, of }: ProbeProgress): string {
  return stage === 'reading' ? l10n.t('reading text {0} of {1}', done, of) : l10n.t('fitting {0} of {1}, with controls', done + 1, of);
}

/** Says how it scored and returns what the user wants to do with it. */
export async function tellTrained(probe: ProbeSummary): Promise<'paint' | 'pin' | undefined> {
  const [paint, pin] = [l10n.t('Paint'), l10n.t('Pin to a finding')];
  const chosen = await window.showInformationMessage(l10n.t('{0}: {1}. Shuffled labels give {2}, the best single coordinate {3}.', probe.name, scoreText(probe, l10n.t), probe.scores.shuffled.auroc.toFixed(2), probe.scores.coordinate.auroc.toFixed(2)), paint, pin);
  return chosen === paint ? 'paint' : chosen === pin ? 'pin' : undefined;
}
