import { type SslMode, sslModes } from './connector.ts';
import { refuse } from './string-parts.ts';

/** What one option of a connection string says of TLS. */
export interface TlsDemand {
  /** The option as its clients spell it. */
  readonly option: string;
  /** The weakest mode that still does what the option demands. */
  readonly least?: SslMode;
  /** The strictest mode that the option allows. */
  readonly most?: SslMode;
  /** The mode that the option means where no other one speaks. */
  readonly usual?: SslMode;
}

/** The strictest mode that all options allow; refused, with the names of both, where one demands more than another allows. */
export const resolveTls = (demands: readonly TlsDemand[]): SslMode | undefined => {
  const least = maxBy(demands, ({ least: mode }) => mode);
  const most = maxBy(demands, ({ most: mode }) => mode, -1);
  if (least?.least && most?.most && rank(least.least) > rank(most.most))
    refuse(`${least.option} and ${most.option} that do not contradict each other`);
  const wanted = maxBy(demands, (demand) => stricter(demand.least, demand.usual));
  const mode = wanted && stricter(wanted.least, wanted.usual);
  if (mode === undefined) return most?.most === 'disable' ? 'disable' : undefined;
  return most?.most && rank(most.most) < rank(mode) ? most.most : mode;
};

/** An option whose word is a mode: it demands that one at least, and its word for no TLS allows no other. */
export const demandMode = (option: string, mode: SslMode): TlsDemand =>
  mode === 'disable' ? { option, most: mode } : { option, least: mode };

const rank = (mode: SslMode): number => sslModes.indexOf(mode);

const stricter = (a: SslMode | undefined, b: SslMode | undefined): SslMode | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return rank(a) >= rank(b) ? a : b;
};

/** The demand whose mode is the strictest, or with -1 the weakest. */
const maxBy = (
  demands: readonly TlsDemand[],
  modeOf: (demand: TlsDemand) => SslMode | undefined,
  sign = 1,
): TlsDemand | undefined => {
  const ranked = demands.flatMap((demand) => {
    const mode = modeOf(demand);
    return mode === undefined ? [] : [{ demand, rank: sign * rank(mode) }];
  });
  const [first] = ranked.toSorted((a, b) => b.rank - a.rank);
  return first?.demand;
};
