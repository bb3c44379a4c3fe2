import { distance } from 'fastest-levenshtein';
import { folded } from './catalog-orders.ts';

/** The name that was probably meant: the same but for case, else one that few slips of the pen away is the nearest. */
export const nearest = (name: string, others: Iterable<string>): string | undefined => {
  const wanted = folded(name);
  let best: string | undefined;
  let least = slips(wanted) + 1;
  for (const other of others) {
    const given = folded(other);
    if (given === wanted) return other;
    // As many letters more or fewer are as many slips.
    if (Math.abs(given.length - wanted.length) >= least) continue;
    const found = distance(given, wanted);
    if (found < least) [best, least] = [other, found];
  }
  return best;
};

/** One in three letters, three at most. */
const slips = ({ length }: string) => Math.min(3, Math.floor(length / 3));
