/** `sparegrid run`: run an image somewhere in the network, as `docker run` does here. */
import { Command } from 'commander';
import { asking, type RunOptions } from './options.ts';

export function runCommand(): Command {
  const collect = (one: string, list: string[]) => [...list, one];
  const run = new Command('run')
    .description('run an image on idle machines: shows the cost first, then follows the output')
    .usage('[options] IMAGE [-- CMD...]')
    .argument('<image>', 'what runs')
    .argument('[command...]', 'its arguments, after --')
    .option('--cpu <quantity>', 'cores of each replica', '500m')
    .option('--memory <quantity>', 'memory of each replica', '256Mi')
    .option('--storage <quantity>', 'disk of each replica')
    .option('--gpu <model:count>', 'devices of each replica; a share: A100:500m')
    .option('--replicas <count>', 'how many, each with its SPAREGRID_RANK', '1')
    .option('-e, --env <K=V>', 'environment variable; K alone takes yours', collect, [])
    .option('--max-price <credits>', 'per replica and hour (default: the price now and a tenth)')
    .option('--budget <credits>', 'in all (default: all replicas for the whole duration)')
    .option('--duration <time>', 'it ends by then at the latest', '1h')
    .option('--service', 'runs until the duration ends, also when it could end before')
    .option('--egress', 'needs the outside network')
    .option('--restarts <count>', 'of each replica that fails (default: 3)')
    .option('--partial', 'start with some replicas when not all find a place')
    .option('-d, --detach', 'print the id of the order and return')
    .passThroughOptions();
  return asking(
    run,
    `  sparegrid run sparegrid/demo -- node -e 'console.log(1)'
  sparegrid run --cpu 500m --memory 64Mi --replicas 4 -e GREETING=hello sparegrid/demo -- sh -c 'echo $GREETING $SPAREGRID_RANK'
  sparegrid run --gpu A100:1 --budget 20 --duration 2h registry.example/train -- python train.py

Ctrl-C leaves: the order goes on, and you are told how to stop it.`,
  ).action(async (image: string, command: string[], options: RunOptions) =>
    (await import('./run-action.ts')).run(image, command, options),
  );
}
