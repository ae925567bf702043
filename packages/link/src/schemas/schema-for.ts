/** Ties a schema to a type of core at compile time, in both directions. */
import type { z } from 'zod';

/**
 * Accepts a schema only if it reads exactly `T`: a field or union member that one side has and the
 * other has not is a compile error.
 */
export function schemaFor<T>() {
  return <S extends z.ZodType<T>>(
    schema: S & ([T] extends [z.output<S>] ? unknown : { misses: Exclude<T, z.output<S>> }),
  ): S => schema;
}
