/** What a hub's operator asks the hub while it runs, on the hub's own machine. */

import { hash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ParticipantView } from '@sparegrid/core/hub/admission';
import type { ControlAnswer } from '@sparegrid/hub/admission/control-door';
import { controlHub } from '@sparegrid/hub/admission/control-hub';
import { readHubConfig } from '@sparegrid/hub/config';
import { encodeToken } from '@sparegrid/link/identity/join-token';
import type { ControlQuestion } from '@sparegrid/link/schemas/admission';
import { signedDocument } from '@sparegrid/link/schemas/document';
import { parseDuration } from '@sparegrid/sdk/duration';
import { RefusedError } from '@sparegrid/sdk/errors';
import { CliFault } from '../fault.ts';
import { emit } from '../output/emit.ts';
import { type Format, print, say, tableText } from '../output/print.ts';
import { readFileAs } from './files.ts';

/** The directory that `hub init` made, or a configuration file. */
const configIn = (hub: string): string => (hub.endsWith('.json') ? hub : join(hub, 'hub.json'));

/** @throws CliFault CLI_NO_HUB; RefusedError */
async function ask<Op extends ControlQuestion['op']>(
  hub: string,
  question: ControlQuestion & { op: Op },
): Promise<Extract<ControlAnswer, { op: Op }>> {
  const { control } = readHubConfig(configIn(hub));
  if (control === null) throw new CliFault('CLI_NO_HUB', `${configIn(hub)}: no control door.`);
  let answer: ControlAnswer;
  try {
    answer = await controlHub(control, question);
  } catch (cause) {
    const hint = `${control}: ${(cause as Error).message}. Start it: sparegrid hub start --config ${configIn(hub)}`;
    throw new CliFault('CLI_NO_HUB', hint, 'unavailable', cause);
  }
  if (!answer.ok) throw new RefusedError(answer.code, answer.hint);
  return answer as Extract<ControlAnswer, { op: Op }>;
}

export interface TokenOptions {
  hub: string;
  organization: string;
  kind: 'government' | 'sector' | 'company' | 'institution';
  role: 'lessor' | 'lessee';
  participant?: string;
  ttl: string;
}

export async function createToken(options: TokenOptions): Promise<void> {
  const { hub, organization: id, kind, role, participant = null, ttl } = options;
  const ttlMs = parseDuration(ttl);
  if (!ttlMs) throw new CliFault('CLI_USAGE', '--ttl: such as 30m or 1d.');
  const { admission, config } = readHubConfig(configIn(hub));
  if (!admission) throw new CliFault('CLI_NO_HUB', `${configIn(hub)}: no admission door.`);
  const { secret } = await ask(hub, {
    op: 'token.create',
    ttlMs,
    role,
    organization: { id, kind },
    participant,
  });
  const { raw } = new X509Certificate(readFileSync(admission.authority.certFile));
  const authority = hash('sha256', raw, 'hex');
  say(`Good once, for ${ttl}. Whoever has it can use it: send it over a private way.`);
  const { publicHost: host, port } = admission;
  print(encodeToken({ hub: config.id, host, port, authority, secret }));
}

export async function listParticipants(hub: string, output: Format): Promise<void> {
  const { participants } = await ask(hub, { op: 'participant.list' });
  await emit(output, participants, {
    table: () =>
      tableText(
        ['PARTICIPANT', 'ORGANIZATION', 'KIND', 'ROLE', 'STATE', 'SOURCE', 'KEYS UNTIL'],
        participants.map(rowOf),
      ),
    names: () => participants.map(({ id }) => id),
  });
}

function rowOf(view: ParticipantView): string[] {
  const { id, organization, role, state, source, connected, keysUntilMs } = view;
  const shown = state === 'admitted' ? (connected ? 'connected' : 'admitted') : state;
  const until = keysUntilMs === null ? '-' : new Date(keysUntilMs).toISOString().slice(0, 10);
  return [id, organization.id, organization.kind, role, shown, source, until];
}

export async function expel(hub: string, participant: string): Promise<void> {
  await ask(hub, { op: 'participant.expel', participant });
  print(participant);
}

/** Hands a newer list to the running hub. */
export async function setHubs(hub: string, file: string): Promise<void> {
  const document = readFileAs(resolve(file), signedDocument);
  const { revision, hubs } = await ask(hub, { op: 'hubs.set', document });
  say(`revision ${revision}`);
  for (const { id } of hubs) print(id);
}

export async function reload(hub: string): Promise<void> {
  await ask(hub, { op: 'reload' });
  print('reloaded');
}
