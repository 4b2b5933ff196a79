/** What a hover says, as data. Strings that come from a model are marked, so that they are never read as Markdown. */
import { formatLink } from '../../notes/subjects.ts';
import type { Prediction } from '../../protocol/methods.ts';
import type { Subject } from '../../protocol/views/panel.ts';
import type { Translate } from '../translate.ts';
import { commandIds } from '../commandIds.ts';
import { tokensIn } from './inspectionCache.ts';
import type { InspectedWindow, PlacedToken } from './inspectionCache.ts';
import { activationText, bar, dictionaryName, percent, shortened, visible } from './words.ts';

export type HoverPart =
  /** Our own words; plain text. */
  | { readonly kind: 'text'; readonly text: string }
  /** From a model or a file. */
  | { readonly kind: 'foreign'; readonly text: string }
  | { readonly kind: 'command'; readonly title: string; readonly command: string; readonly args: readonly unknown[] };

export type HoverLine = readonly HoverPart[];

/** Commands that links in a hover may run. */
export const hoverCommands: readonly string[] = [
  commandIds.revealInspector, commandIds.openSemantic, commandIds.openAlgorithmic, commandIds.pinSubject, commandIds.paintFeature, commandIds.pickDictionary, commandIds.openModel, commandIds.showLog, commandIds.restartEngine,
];

export interface HoverSubject {
  readonly inspected: InspectedWindow;
  readonly token: PlacedToken;
  /** The word under the pointer; its tokens are listed where it has several. */
  readonly word: { readonly start: number; readonly end: number } | undefined;
  /** For links: the document, and its text from the start of the window to the end of the token. */
  readonly place: { readonly document: string; readonly sent: string };
  /** A feature's label. */
  readonly nameOf: (feature: number) => string | undefined;
  readonly modelId: string;
  readonly features: number;
}

const barWidth = 8;
const longestToken = 24;
/** Of a feature's label, beside its score. */
export const longestLabel = 36;

/** At most 12 lines, whatever the settings. */
export function hoverLines(subject: HoverSubject, t: Translate): HoverLine[] {
  return [titleLine(subject, t), ...wordLine(subject, t), ...featureLines(subject, t), ...expectedLine(subject, t), nextLine(subject, t), linkLine(subject, t)];
}

/** What a hover says while there is no result. */
export function waitingLines(message: string, links: readonly ('log' | 'restart' | 'open')[], t: Translate): HoverLine[] {
  const line: HoverLine = [text(message)];
  if (links.length === 0) return [line];
  const commands = {
    log: command(t('Show log'), commandIds.showLog),
    restart: command(t('Restart engine'), commandIds.restartEngine),
    open: command(t('Open model'), commandIds.openModel),
  };
  return [line, spaced(links.map((link) => commands[link]))];
}

function titleLine({ inspected, token, modelId }: HoverSubject, t: Translate): HoverLine {
  const { dictionary, tokens } = inspected.inspection;
  const place = t('token {0} of {1}', token.index + 1, tokens.length);
  const tail: HoverPart[] = dictionary === undefined ? [] : [text(' · '), foreign(dictionaryName(dictionary))];
  return [foreign(shown(token.token.text)), text(`  ▏${place} · `), foreign(modelId), ...tail];
}

function wordLine({ inspected, word }: HoverSubject, t: Translate): HoverLine[] {
  if (word === undefined) return [];
  const tokens = tokensIn(inspected, word.start, word.end);
  if (tokens.length < 2) return [];
  const parts = tokens.slice(0, 8).map(({ token }) => shown(token.text)).join(' · ') + (tokens.length > 8 ? ' …' : '');
  const surprises = tokens.map(({ token }) => token.surprise);
  const total = surprises.includes(undefined) ? '' : t(' · together {0} bits', surprises.reduce<number>((sum, value) => sum + value!, 0).toFixed(1));
  return [[text(t('word of {0} tokens: ', tokens.length)), foreign(parts), text(total)]];
}

function featureLines({ inspected, token, features, nameOf }: HoverSubject, t: Translate): HoverLine[] {
  if (inspected.inspection.dictionary === undefined) return [[text(t('no dictionary is open for this model'))]];
  const strongest = token.token.features.filter(({ activation }) => activation > 0).slice(0, Math.min(features, 7));
  if (strongest.length === 0) return [[text(t('no feature is active here'))]];
  const most = strongest[0]!.activation;
  return strongest.map(({ feature, activation }) => {
    const name = nameOf(feature);
    const label: HoverPart[] = name === undefined ? [] : [text('  '), foreign(name)];
    return [text(`${bar(activation, most, barWidth)}  ${activationText(activation)}  #${feature}`), ...label];
  });
}

function expectedLine({ token }: HoverSubject, t: Translate): HoverLine[] {
  const { expected, surprise } = token.token;
  if (surprise === undefined) return [[text(t('first token: the model expected nothing yet'))]];
  return [[text(t('expected here: ')), ...predictions(expected), text(t(' · surprise of this token {0} bits', surprise.toFixed(1)))]];
}

function nextLine({ token }: HoverSubject, t: Translate): HoverLine {
  return [text(t('next: ')), ...predictions(token.token.next)];
}

function linkLine(subject: HoverSubject, t: Translate): HoverLine {
  const { inspected, token, place } = subject;
  const { dictionary } = inspected.inspection;
  const top = topSubject(subject);
  const selection = { text: place.sent, document: place.document, start: inspected.window.start, end: token.end };
  const links: HoverPart[] = [command(t('inspector'), commandIds.revealInspector)];
  if (top !== undefined) links.push(command(t('semantic view'), commandIds.openSemantic, [{ subject: top }]));
  links.push(command(t('trace this prediction'), commandIds.openAlgorithmic, [{ selection }]));
  if (dictionary !== undefined && top !== undefined) {
    links.push(command(t('paint #{0}', top.feature), commandIds.paintFeature, [{ dictionary: dictionary.dictionary, feature: top.feature }]));
  }
  links.push(command(t('layer ▾'), commandIds.pickDictionary));
  if (top !== undefined) links.push(command(t('pin'), commandIds.pinSubject, [{ ...top, text: lineUpTo(place.sent) }]));
  return spaced(links);
}

/** The line that ends with the token, at most 500 characters of it: a link must stay short. */
function lineUpTo(sent: string): string {
  return sent.slice(sent.trimEnd().lastIndexOf('\n') + 1).trim().slice(-500);
}

/** The strongest feature here, as views and notes name it. */
function topSubject({ inspected, token, modelId }: HoverSubject): (Subject & { readonly feature: number }) | undefined {
  const { dictionary } = inspected.inspection;
  const top = token.token.features.find(({ activation }) => activation > 0);
  if (dictionary === undefined || top === undefined) return undefined;
  const { feature } = top;
  return { kind: 'feature', subject: formatLink({ kind: 'feature', model: modelId, dictionary: dictionary.id, index: feature }), dictionary: dictionary.dictionary, feature };
}

function predictions(list: readonly Prediction[]): HoverPart[] {
  return list.flatMap(({ token, probability }, index) => [
    text(index === 0 ? '“' : ' · “'), foreign(shown(token)), text(`” ${percent(probability)}`),
  ]);
}

const shown = (token: string): string => shortened(visible(token), longestToken);

function spaced(parts: readonly HoverPart[]): HoverPart[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [text('  |  '), part]));
}

const text = (value: string): HoverPart => ({ kind: 'text', text: value });
const foreign = (value: string): HoverPart => ({ kind: 'foreign', text: value });
const command = (title: string, id: string, args: readonly unknown[] = []): HoverPart => ({ kind: 'command', title, command: id, args });
