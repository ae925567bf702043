/** Quantities and money as people write them in configuration files: `500m`, `4Gi`, `1.25`. */
import { type Micro, parseCredits } from '@sparegrid/core/units/money';
import { isAmount, parseQuantity } from '@sparegrid/core/units/quantity';
import { z } from 'zod';

/** `500m`, `2`. */
export const millicores = quantity(1_000);
/** `4Gi`, `500M`. */
export const bytes = quantity(1);
/** `1G`. */
export const bitsPerSecond = quantity(1);

/** Credits with up to six decimals, as text: `"0.05"`. */
export const credits = z.string().transform((text, context): Micro => {
  const parsed = parseCredits(text);
  if (parsed.ok) return parsed.micro;
  context.addIssue({ code: 'custom', message: parsed.hint });
  return z.NEVER;
});

function quantity(scale: number) {
  return z.string().transform((text, context): number => {
    const parsed = parseQuantity(text, scale);
    if (parsed.ok && isAmount(parsed.value)) return parsed.value;
    const message = parsed.ok ? `${text} is more than anything can have` : parsed.hint;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}
