/**
 * The notices of other people's work in the package, made from what is bundled: names, versions and licences as the
 * installed packages state them, with the full texts that come with them.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** Packages whose files are copied as they are, beside the bundles, and those that transformers.js carries inside its own file. */
const others = ['@vscode/codicons', 'onnxruntime-node', 'onnxruntime-common', 'plotly.js-cartesian-dist-min', '@huggingface/jinja', '@huggingface/tokenizers'];

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
  readonly homepage?: string;
  readonly repository?: string | { readonly url: string };
}

/** Folders of packages, below the repository, that bundles hold files of. */
export function bundledPackages(bundles: readonly Metafile[]): string[] {
  const folders = bundles.flatMap(({ inputs }) => Object.keys(inputs)).flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set([...folders, ...others.map((name) => `node_modules/${name}`)])].toSorted();
}

/** Throws for a package that states no licence. */
export function noticesText(repository: string, folders: readonly string[]): string {
  const parts = folders.map((folder) => notice(join(repository, folder)));
  return `Mechanist contains the following works of others, each under its own licence.\n\n${parts.join(`\n${'='.repeat(80)}\n\n`)}`;
}

function notice(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  const { name, version, license, author, homepage, repository } = manifest;
  if (license === undefined) throw new Error(`${name} states no licence.`);
  const texts = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).toSorted().map((file) => readFileSync(join(folder, file), 'utf8').replace(/^\uFEFF/, '').trim());
  const place = homepage ?? (typeof repository === 'string' ? repository : repository?.url) ?? '';
  const by = typeof author === 'string' ? author : author?.name;
  // Some packages leave out the text that they name.
  if (texts.length === 0) texts.push(license === 'MIT' ? `Copyright (c) ${by ?? name}\n\n${readMit()}` : license);
  return [`${name} ${version}`, place, `Licence: ${license}`, '', ...attribution(name), ...texts.flatMap((text) => [text, ''])].join('\n');
}

/** What CC BY 4.0 asks for beside its text. */
function attribution(name: string): string[] {
  return name === '@vscode/codicons' ? ['The icon font "Codicons" is by Microsoft Corporation, licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). It is used unchanged.', ''] : [];
}

/** The terms of the MIT licence are those of this project's own, without its copyright line. */
function readMit(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'LICENSE'), 'utf8');
  return text.slice(text.indexOf('Permission is hereby granted')).trim();
}
