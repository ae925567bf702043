/** Properties are tried with the same cases in every run, unless other ones are asked for. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SPAREGRID_PROPERTY_SEED'] ?? 1) });
