/** Which of the complaints about an order is worth telling. */
import type { z } from 'zod';

/** A misspelt field comes before the one that is missing because of it. */
export function foremost(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  return unknown ?? (issues[0] as z.core.$ZodIssue);
}

/** The complaint of the form that got furthest: about a member, or about more than the type. */
export function innerOf(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  const all = issue.errors.flat();
  return (
    all.find(({ path, code }) => path.length > 0 || code === 'unrecognized_keys') ??
    all.find(({ code }) => code === 'custom' || code === 'invalid_value')
  );
}
