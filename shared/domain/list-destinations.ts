import type { DialledSource } from '../ports/probe.ts';
import { Problem } from '../problem.ts';
import { connectorOf } from './assemble.ts';

/** The hosts or accounts that a source is at; none where its settings name none that could be dialled. */
export const listDestinations = ({ type, config, options }: DialledSource): readonly string[] => {
  try {
    const { named } = connectorOf(type).reach(config, options.ssl_mode);
    return named.flatMap(({ entry, places }) =>
      places.length > 0 ? places.map(({ host }) => host) : (entry ?? []),
    );
  } catch (error) {
    if (error instanceof Problem) return []; // what the test itself will answer
    throw error;
  }
};
