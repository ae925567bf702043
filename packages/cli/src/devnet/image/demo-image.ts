/** The image that tasks of a devnet use, made without any registry, once per content. */
import { createHash, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Engine } from '@sparegrid/agent/runtime/engine/engine';
import { demoFiles, NOBODY } from './demo-files.ts';
import { type TarEntry, tarBytes, tarOf } from './tar.ts';

/** What users write; the `process` runtime of a devnet knows it, too. */
export const DEMO_IMAGE = 'sparegrid/demo';
const TAG = 'latest';
/** Tells our image from somebody's of the same name. */
const LABEL = 'sparegrid.devnet-image';

type Docker = Engine['docker'];
type ImageInfo = Awaited<ReturnType<ReturnType<Docker['getImage']>['inspect']>>;

const MEBIBYTE = 1_048_576;
/** Node and the shell need nobody's rights. */
const USER = `${NOBODY}:${NOBODY}`;

/** Node's names of architectures, and Docker's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export interface Progress {
  say(text: string): void;
  /** Share of the work that is done, 0 to 1; called often. */
  show(share: number): void;
}

/**
 * Sees that the daemon has the image under its name. Its id is the digest of what is in it: the same
 * programs give the same image on every machine, and one that is there is taken as it is.
 *
 * @throws when the name belongs to somebody else's image, or the daemon refuses
 */
export async function ensureDemoImage(docker: Docker, { say, show }: Progress): Promise<void> {
  const before = await find(docker, DEMO_IMAGE);
  if (before && before.Config?.Labels?.[LABEL] === undefined) {
    throw new Error(`image ${DEMO_IMAGE} on this daemon is not a devnet's; rename or remove it`);
  }
  const { entries, libraryPath } = demoFiles();
  const digest = createHash('sha256');
  for await (const piece of tarOf(entries)) digest.update(piece);
  const layer = digest.digest('hex');
  const config = configOf(layer, libraryPath);
  const id = `sha256:${hash('sha256', config, 'hex')}`;
  if (before?.Id === id) return;
  if (!(await find(docker, id))) {
    const mebibytes = Math.ceil(tarBytes(entries) / MEBIBYTE);
    say(`Making image ${DEMO_IMAGE} of this machine's Node and shell (${mebibytes} MiB), once ...`);
    await load(docker, archiveOf(entries, layer, config), show);
  }
  await docker.getImage(id).tag({ repo: DEMO_IMAGE, tag: TAG });
  // The one of another Node: without its name nobody would find it any more.
  if (before)
    await docker
      .getImage(before.Id)
      .remove({ force: false })
      .catch(() => {});
}

/** As `docker save` writes them. */
function archiveOf(entries: readonly TarEntry[], layer: string, config: string): TarEntry[] {
  const [configFile, layerFile] = [`${hash('sha256', config, 'hex')}.json`, `${layer}/layer.tar`];
  const manifest = JSON.stringify([{ Config: configFile, RepoTags: null, Layers: [layerFile] }]);
  return [
    { path: configFile, content: { kind: 'text', text: config } },
    { path: `${layer}/`, content: { kind: 'directory', mode: 0o755 } },
    { path: layerFile, content: { kind: 'tar', entries } },
    { path: 'manifest.json', content: { kind: 'text', text: manifest } },
  ];
}

function configOf(layer: string, libraryPath: string): string {
  return JSON.stringify({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/bin:/bin', `LD_LIBRARY_PATH=${libraryPath}`],
      Labels: { [LABEL]: '1' },
      User: USER,
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'sparegrid devnet' }],
  });
}

async function load(
  docker: Docker,
  archive: readonly TarEntry[],
  show: (share: number) => void,
): Promise<void> {
  const total = tarBytes(archive);
  async function* counted() {
    let sent = 0;
    for await (const piece of tarOf(archive)) {
      yield piece;
      sent += piece.length;
      show(sent / total);
    }
  }
  const answer = await docker.loadImage(Readable.from(counted(), { objectMode: false }));
  let said = '';
  for await (const piece of answer as AsyncIterable<Buffer>) said += piece;
  const error = /"error":"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
  if (error) throw new Error(error);
}

async function find(docker: Docker, name: string): Promise<ImageInfo | undefined> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
