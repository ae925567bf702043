/** The exact solver of single orders for a programme's form. */
import type { Bundles } from './bundle.ts';
import type { JointInstance } from './instance.ts';
import { LiteralBundles } from './literal-bundle.ts';
import { PracticalBundles } from './practical-bundle.ts';

export function bundlesOf(instance: JointInstance, levels: Int32Array): Bundles {
  return instance.form === 'practical'
    ? new PracticalBundles(instance, levels)
    : new LiteralBundles(instance);
}
