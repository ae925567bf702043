/** What `sparegrid agent pause`, `drain`, `resume` and `status` do: they ask the agent on this machine. */
import { readAgentConfig } from '@sparegrid/agent/config';
import { controlAgent } from '@sparegrid/agent/control/control-agent';
import type { AgentState, ControlOp } from '@sparegrid/agent/control/control-door';
import { CliFault } from '../fault.ts';
import { emit } from '../output/emit.ts';
import type { Format } from '../output/print.ts';
import { say } from '../output/print.ts';

export interface AgentOptions {
  output: Format;
  config: string;
}

/** `drain` tells how many containers are left and ends when none is. */
export async function control(op: ControlOp, { config, output }: AgentOptions): Promise<void> {
  const { control: path } = readAgentConfig(config);
  let last: AgentState | undefined;
  try {
    for await (const answer of controlAgent(path, op)) {
      if (!answer.ok) throw new CliFault('CLI_AGENT_REFUSED', `${answer.code}: ${answer.hint}`);
      last = answer;
      if (op === 'drain') say(`${answer.containers.length} containers left`);
    }
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    const hint = `${path}: ${(cause as Error).message}. Start it: sparegrid agent start --config ${config}`;
    throw new CliFault('CLI_NO_AGENT', hint, 'unavailable', cause);
  }
  if (!last) throw new CliFault('CLI_NO_AGENT', `${path}: it ended`, 'unavailable');
  const { mode, containers, diskLow, offered, hub } = last;
  const does = offered === null ? 'lends nothing' : mode;
  const low = diskLow ? ', disk almost full: nothing new is taken' : '';
  const why = hub.why === null ? '' : `: ${hub.why}`;
  const unheard = hub.hears ? '' : `, not heard by ${hub.id}${why}`;
  await emit(output, last, {
    table: () => `${does}, ${containers.length} containers${low}${unheard}`,
    names: () => containers.map(({ id }) => id),
  });
}
