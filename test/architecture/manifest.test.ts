/** The manifest and the code say the same: ids, settings, context keys, colours, sentences. */
import { describe, expect, it } from 'vitest';
import { bundleText, pageSentencesText } from '../../scripts/l10n/sentences.ts';
import { commandIds, viewIds } from '../../src/extension/commandIds.ts';
import { contextKeys } from '../../src/extension/contextKeys.ts';
import { bucketCount } from '../../src/extension/paint/buckets.ts';
import { graphEditor, panels } from '../../src/extension/panels/panelKinds.ts';
import { settingDefaults } from '../../src/extension/settingDefaults.ts';
import { tabIds } from '../../webview-ui/algorithmic/place.ts';
import { listFiles, readBytes } from './sources.ts';

interface Manifest {
  main: string;
  activationEvents: string[];
  extensionKind: string[];
  capabilities: { untrustedWorkspaces: { supported: unknown; restrictedConfigurations: string[] }; virtualWorkspaces: { supported: unknown } };
  contributes: {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    menus: Record<string, { command: string; when?: string; group?: string }[]>;
    views: Record<string, { id: string; name: string; icon: string }[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    viewsWelcome: { view: string; contents: string; when?: string }[];
    configuration: { properties: Record<string, { default: unknown; scope?: string; order?: number; markdownDescription?: string }> };
    walkthroughs: { steps: { description: string; media: { svg: string }; completionEvents: string[] }[] }[];
    customEditors: { viewType: string; priority: string; selector: { filenamePattern: string }[] }[];
    colors: { id: string; defaults: Record<string, string> }[];
  };
}

const json = (path: string): unknown => JSON.parse(readBytes(path).toString('utf8'));
const manifest = json('package.json') as Manifest;
const sentences = json('package.nls.json') as Record<string, string>;
const { contributes } = manifest;
const contributed = contributes.commands.map(({ command }) => command);
const whenClauses = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome].flatMap(({ when }) => (when === undefined ? [] : [when]));

describe('the manifest', () => {
  it('contributes exactly the commands of the code', () => {
    expect(contributed.toSorted()).toEqual(Object.values(commandIds).toSorted());
  });

  it('has a command for every tab of the algorithmic view', () => {
    // The overview is what opening it shows.
    expect(tabIds.filter((tab) => tab !== 'overview' && !contributed.includes(`mechanist.algorithmic.${tab}`))).toEqual([]);
  });

  it('names commands mechanist.noun.verb, in one category', () => {
    for (const { command, category } of contributes.commands) {
      expect(command).toMatch(/^mechanist\.[a-z]+\.[a-zA-Z]+$/);
      expect(category).toBe('Mechanist');
    }
  });

  it('contributes exactly the views of the code, in one container', () => {
    expect(Object.keys(contributes.views)).toEqual(contributes.viewsContainers.activitybar.map(({ id }) => id));
    expect(Object.values(contributes.views).flat().map(({ id }) => id).toSorted()).toEqual(Object.values(viewIds).toSorted());
  });

  it('has the settings of the code with the same defaults, each with scope, order and description', () => {
    const { properties } = contributes.configuration;
    expect(Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, property.default])))
      .toEqual(Object.fromEntries(Object.entries(settingDefaults).map(([name, value]) => [`mechanist.${name}`, value])));
    for (const property of Object.values(properties)) {
      expect(property.scope).toBeDefined();
      expect(property.order).toBeDefined();
      expect(property.markdownDescription).toBeDefined();
    }
  });

  it('shows in menus and welcome views only commands that exist', () => {
    const used = Object.values(contributes.menus).flat().map(({ command }) => command);
    const linked = contributes.viewsWelcome.flatMap(({ contents }) => Array.from(resolved(contents).matchAll(/command:([\w.]+)/g), ([, id]) => id!));
    // Two of the workbench's own, for empty states that only it can end.
    const known = [...contributed, 'vscode.openFolder', 'workbench.trust.manage'];
    expect([...used, ...linked].filter((command) => !known.includes(command))).toEqual([]);
    expect(linked.length).toBeGreaterThan(0);
  });

  it('reads only context keys and views that the code knows', () => {
    const keys = [...whenClauses, ...contributes.commands.flatMap(({ enablement }) => enablement ?? [])].flatMap((clause) => clause.match(/mechanist\.\w+/g) ?? []);
    const known: string[] = [...Object.values(contextKeys), ...Object.values(viewIds)];
    expect(keys.filter((key) => !known.includes(key))).toEqual([]);
  });

  it('reads every context key that the code sets', () => {
    const events = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents));
    const read = [...whenClauses, ...contributes.commands.flatMap(({ enablement }) => enablement ?? []), ...events].join(' ');
    expect(Object.values(contextKeys).filter((key) => !new RegExp(`${key.replace('.', '\\.')}\\b`).test(read))).toEqual([]);
  });

  it('offers the actions on a subject in the palette only where one is shown', () => {
    const conditions = new Map(contributes.menus['commandPalette']!.map(({ command, when }) => [command, when]));
    const actions = contributed.filter((command) => command.startsWith('mechanist.subject.'));
    expect(actions).toHaveLength(7);
    for (const command of actions) expect(conditions.get(command), command).toBe(contextKeys.subjectShown);
  });

  it('gives every view with an empty state a welcome', () => {
    const welcomed = new Set(contributes.viewsWelcome.map(({ view }) => view));
    expect([...welcomed].toSorted()).toEqual([viewIds.findings, viewIds.models]);
  });

  it('has one colour for each bucket, in all four kinds of theme', () => {
    expect(contributes.colors.map(({ id }) => id)).toEqual(Array.from({ length: bucketCount }, (_, index) => `mechanist.activation${index + 1}`));
    for (const { defaults } of contributes.colors) expect(Object.keys(defaults).toSorted()).toEqual(['dark', 'highContrast', 'highContrastLight', 'light']);
  });

  it('does not start with the window, and is limited where it is not trusted', () => {
    const languages = manifest.activationEvents.filter((event) => event.startsWith('onLanguage:'));
    // Hovers, and the lenses of prompt-pair files.
    expect(languages.map((event) => event.replace('onLanguage:', ''))).toEqual([...settingDefaults['hover.languages'], 'jsonl']);
    expect(manifest.activationEvents.filter((event) => !languages.includes(event))).toEqual(Object.values(panels).map(({ id }) => `onWebviewPanel:${id}`));
    expect(manifest.extensionKind).toEqual(['workspace']);
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe('limited');
    const settings = Object.keys(contributes.configuration.properties);
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.filter((name) => !settings.includes(name))).toEqual([]);
  });

  it('takes each sentence from the table, which holds no others', () => {
    const used = new Set(Array.from(readBytes('package.json').toString('utf8').matchAll(/"%([\w.]+)%"/g), ([, key]) => key!));
    expect([...used].toSorted()).toEqual(Object.keys(sentences).toSorted());
  });

  it('has one walkthrough of four to six steps, whose commands, events and pictures exist', () => {
    const [walkthrough, ...others] = contributes.walkthroughs;
    expect(others).toEqual([]);
    const { steps } = walkthrough!;
    expect(steps.length).toBeGreaterThanOrEqual(4);
    expect(steps.length).toBeLessThanOrEqual(6);
    const linked = steps.flatMap(({ description }) => Array.from(resolved(description).matchAll(/command:([\w.]+)/g), ([, id]) => id!));
    const events = steps.flatMap(({ completionEvents }) => completionEvents.map((event) => event.replace(/^on\w+:/, '')));
    const known: string[] = [...contributed, ...Object.values(contextKeys), ...Object.values(viewIds)];
    expect([...linked, ...events].filter((id) => !known.includes(id))).toEqual([]);
    expect(steps.map(({ media }) => media.svg).filter((file) => !listFiles('media').includes(file))).toEqual([]);
  });

  it('offers the graph editor for graph files, and leaves them text by default', () => {
    expect(contributes.customEditors.map(({ viewType, priority }) => [viewType, priority])).toEqual([[graphEditor, 'option']]);
  });

  it('points to icons that exist', () => {
    const icons = [...contributes.viewsContainers.activitybar, ...Object.values(contributes.views).flat()].map(({ icon }) => icon);
    const files = listFiles('media');
    expect(icons.filter((icon) => !files.includes(icon))).toEqual([]);
  });
});

it('the table for translators holds what the extension says now (npm run l10n)', () => {
  expect(readBytes('l10n/bundle.l10n.json').toString('utf8')).toBe(bundleText());
});

it('the pages say only sentences that the host translates for them (npm run l10n)', () => {
  expect(readBytes('src/extension/views/sentences.json').toString('utf8')).toBe(pageSentencesText());
});

function resolved(text: string): string {
  return text.replace(/^%(.+)%$/, (_, key: string) => sentences[key] ?? '');
}
