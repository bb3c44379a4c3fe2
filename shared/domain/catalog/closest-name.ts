import { distance } from 'fastest-levenshtein';
import { foldCase } from '../../connectors/name-rules.ts';

/** The remaining budget for searching similar names, in comparisons of short names. At 0 the search stops. */
export interface SearchBudget {
  remaining: number;
}

/** The names to search for a misspelt one, folded once and grouped by length. */
export interface NameCandidates {
  readonly byFolded: ReadonlyMap<string, string>;
  readonly byLength: ReadonlyMap<number, readonly NameCandidate[]>;
}

interface NameCandidate {
  readonly name: string;
  readonly folded: string;
  /** Of two equally close names, the one with the lower index wins. */
  readonly at: number;
}

export const createNameCandidates = (names: Iterable<string>): NameCandidates => {
  const candidates = Array.from(names, (name, at) => ({ name, folded: foldCase(name), at }));
  return {
    byFolded: new Map(candidates.toReversed().map((one) => [one.folded, one.name])),
    byLength: Map.groupBy(candidates, (one) => one.folded.length),
  };
};

/** Finds the name that the caller probably meant: one that differs only in case, or else the closest within a few typing errors. */
export const findClosestName = (
  name: string,
  { byFolded, byLength }: NameCandidates,
  budget: SearchBudget,
): string | undefined => {
  const wanted = foldCase(name);
  const same = byFolded.get(wanted);
  if (same !== undefined) return same;
  const maxTypos = countAllowedTypos(wanted);
  let best: NameCandidate | undefined;
  let fewestTypos = maxTypos;
  // A difference in length is at least as many typing errors.
  for (let length = wanted.length - maxTypos; length <= wanted.length + maxTypos; length++) {
    for (const candidate of byLength.get(length) ?? []) {
      if (Math.abs(length - wanted.length) > fewestTypos) break;
      if ((budget.remaining -= 1 + (length * wanted.length) / 1000) < 0) return undefined;
      const found = distance(candidate.folded, wanted);
      if (found > fewestTypos || (found === fewestTypos && best && best.at < candidate.at)) continue;
      [best, fewestTypos] = [candidate, found];
    }
  }
  return best?.name;
};

/** One error in three letters, at most three. */
const countAllowedTypos = ({ length }: string) => Math.min(3, Math.floor(length / 3));
