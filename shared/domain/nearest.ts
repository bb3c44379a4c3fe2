import { distance } from 'fastest-levenshtein';
import { foldCase } from '../connectors/names.ts';

/** What looking for names may cost yet, in comparisons of short ones; when nothing is left, there are no more hints. */
export interface Effort {
  left: number;
}

/** Names among which misspelt ones are looked for: folded once, and apart by their lengths. */
export interface Candidates {
  readonly byFolded: ReadonlyMap<string, string>;
  readonly byLength: ReadonlyMap<number, readonly Candidate[]>;
}

interface Candidate {
  readonly name: string;
  readonly folded: string;
  /** Of two that are as near the first is taken. */
  readonly at: number;
}

export const listCandidates = (names: Iterable<string>): Candidates => {
  const candidates = Array.from(names, (name, at) => ({ name, folded: foldCase(name), at }));
  return {
    byFolded: new Map(candidates.toReversed().map((one) => [one.folded, one.name])),
    byLength: Map.groupBy(candidates, (one) => one.folded.length),
  };
};

/** The name that was probably meant: the same but for case, else one that few slips of the pen away is the nearest. */
export const findNearest = (
  name: string,
  { byFolded, byLength }: Candidates,
  effort: Effort,
): string | undefined => {
  const wanted = foldCase(name);
  const same = byFolded.get(wanted);
  if (same !== undefined) return same;
  const most = slips(wanted);
  let best: Candidate | undefined;
  let least = most;
  // As many letters more or fewer are as many slips.
  for (let length = wanted.length - most; length <= wanted.length + most; length++) {
    for (const candidate of byLength.get(length) ?? []) {
      if (Math.abs(length - wanted.length) > least) break;
      if ((effort.left -= 1 + (length * wanted.length) / 1000) < 0) return undefined;
      const found = distance(candidate.folded, wanted);
      if (found > least || (found === least && best && best.at < candidate.at)) continue;
      [best, least] = [candidate, found];
    }
  }
  return best?.name;
};

/** One in three letters, three at most. */
const slips = ({ length }: string) => Math.min(3, Math.floor(length / 3));
