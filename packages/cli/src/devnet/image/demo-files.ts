/** What is in the image of a devnet: this machine's Node and a shell, with the libraries they need. */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TarEntry } from './tar.ts';

/** Debian's shell and tools in one file without libraries. */
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'];
const SHELL = '/bin/sh';
export const NOBODY = 65_534;

export interface DemoFiles {
  entries: TarEntry[];
  /** Where the loader finds the libraries. */
  libraryPath: string;
}

/** @throws when the machine has no `ldd`, or a library is missing */
export function demoFiles(): DemoFiles {
  const files = new Map([['/usr/bin/node', process.execPath]]);
  const links = new Map<string, string>();
  const busybox = BUSYBOX.find((file) => existsSync(file));
  if (busybox && librariesOf(busybox).length === 0) {
    files.set('/bin/busybox', busybox);
    for (const name of appletsOf(busybox)) links.set(`/bin/${name}`, 'busybox');
  } else files.set(SHELL, SHELL);
  const libraries = [...files.values()].flatMap(librariesOf);
  for (const library of libraries) files.set(library, library);
  const folders = ['/tmp', '/out', '/proc', '/dev', '/sys', '/etc', '/bin', '/usr/bin'];
  for (const path of files.keys()) folders.push(dirname(path));
  return {
    entries: [
      ...sorted(withParents(folders)).map(directory),
      ...sorted(files.keys()).map((path) => file(path, files.get(path) as string)),
      ...sorted(links.keys()).map((path) => link(path, links.get(path) as string)),
      text('/etc/passwd', `root:x:0:0:::/bin/sh\nnobody:x:${NOBODY}:${NOBODY}::/tmp:/bin/sh\n`),
      text('/etc/group', `root:x:0:\nnogroup:x:${NOBODY}:\n`),
    ],
    libraryPath: sorted(new Set(libraries.map((path) => dirname(path)))).join(':'),
  };
}

/** Absolute paths, the loader's included; none for a program without any. */
function librariesOf(program: string): string[] {
  let said: string;
  try {
    said = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    if (/not a dynamic|statically linked/.test(stderr + stdout)) return [];
    throw new Error(`ldd ${program}: ${stderr || (error as Error).message}`);
  }
  const missing = /^\s*(\S+) => not found/m.exec(said)?.[1];
  if (missing) throw new Error(`${program} needs ${missing}, which is not here`);
  return [...said.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)].map(([, path]) => path as string);
}

function appletsOf(busybox: string): string[] {
  return execFileSync(busybox, ['--list'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^[^/]+$/.test(name) && name !== 'busybox');
}

function withParents(folders: readonly string[]): Set<string> {
  const all = new Set<string>();
  for (const folder of folders) {
    for (let path = folder; path !== '/'; path = dirname(path)) all.add(path);
  }
  return all;
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort();
}

function directory(path: string): TarEntry {
  const mode = path === '/tmp' || path === '/out' ? 0o1777 : 0o755;
  return { path: `${path.slice(1)}/`, content: { kind: 'directory', mode } };
}

function file(path: string, given: string): TarEntry {
  const source = realpathSync(given);
  const { size } = statSync(source);
  return { path: path.slice(1), content: { kind: 'file', source, sizeBytes: size, mode: 0o755 } };
}

function link(path: string, to: string): TarEntry {
  return { path: path.slice(1), content: { kind: 'link', to } };
}

function text(path: string, words: string): TarEntry {
  return { path: path.slice(1), content: { kind: 'text', text: words } };
}
