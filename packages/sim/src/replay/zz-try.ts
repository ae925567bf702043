import { readOpenbNodes, readOpenbPods } from '/work/main/packages/cli/src/replay/openb.ts';
import { readAzureBatches } from '/work/main/packages/cli/src/replay/azure-batches.ts';
import { readGpuPrices } from '/work/main/packages/cli/src/replay/gpu-prices.ts';
import { Pricing } from '/work/main/packages/sim/src/replay/pricing.ts';
import { runReplay } from '/work/main/packages/sim/src/replay/run-replay.ts';
import { mkdtempSync, rmSync } from 'node:fs';
const D='/work/shared/data/';
const [fmt='openb', store='sqlite', limit='100000', inflight='64'] = process.argv.slice(2);
const nodes = readOpenbNodes(D+'openb-gpu-cluster/nodes.csv');
const orders = (fmt==='openb'? readOpenbPods(D+'openb-gpu-cluster/pods.csv') : readAzureBatches(D+'azure-vm-batches/batches.csv')).slice(0, Number(limit));
const prices = readGpuPrices(D+'gpu-prices/cloud-gpus.csv');
const pricing = new Pricing(1, prices, nodes);
const directory = mkdtempSync('/tmp/rp-');
const t=performance.now();
try {
const r = await runReplay({input:{nodes,orders,prices}, pricing, seed:1, hubs:8, store: store as 'sqlite', inFlight:Number(inflight), directory, onProgress:n=>{ if(n%500===0) console.error(n, ((performance.now()-t)/1000).toFixed(1)); }});
console.log({...r.summary, total: (performance.now()-t)/1000, wrong: r.recount.wrong.length, room: r.recount.roomLeft.slice(0,5), nroom: r.recount.roomLeft.length});
} finally { rmSync(directory,{recursive:true}); }
