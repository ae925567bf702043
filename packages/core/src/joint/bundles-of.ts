/** The exact solver of single orders for a programme's form. */
import type { Bundles } from './bundle.ts';
import type { JointInstance } from './instance.ts';
import { LiteralBundles } from './literal-bundle.ts';
import { PracticalBundles } from './practical-bundle.ts';

export function bundlesOf(instance: JointInstance): Bundles {
  return instance.form === 'practical'
    ? new PracticalBundles(instance)
    : new LiteralBundles(instance);
}
