import { type SslMode, sslModes } from '../connector.ts';
import { refuseConnectionString } from './connection-string-parts.ts';

/** What one option of a connection string demands of TLS. */
export interface TlsDemand {
  /** The option as clients spell it. */
  readonly option: string;
  /** The weakest mode that meets the demand. */
  readonly least?: SslMode;
  /** The strictest mode that the option allows. */
  readonly most?: SslMode;
  /** The mode that the option means if no other option demands one. */
  readonly usual?: SslMode;
  /** `false`: the demand selects no mode and only excludes some. */
  readonly selects?: false;
  /** The option whose demand does not count beside this one. */
  readonly overrides?: string;
}

/** Resolves the strictest mode that all options allow. Refuses two options that contradict each other, and names both. */
export const resolveTlsMode = (all: readonly TlsDemand[]): SslMode | undefined => {
  const demands = all.filter(({ option }) => !all.some(({ overrides }) => overrides === option));
  checkTlsDemands(demands);
  const selecting = demands.filter(({ selects = true }) => selects);
  const most = findStrictestDemand(selecting, (demand) => demand.most, -1)?.most;
  const wanted = findStrictestDemand(selecting, (demand) => pickStricterMode(demand.least, demand.usual));
  const mode = wanted && pickStricterMode(wanted.least, wanted.usual);
  if (mode === undefined) return most === 'disable' ? 'disable' : undefined;
  return most && rankSslMode(most) < rankSslMode(mode) ? most : mode;
};

const checkTlsDemands = (demands: readonly TlsDemand[]): void => {
  const least = findStrictestDemand(demands, ({ least: mode }) => mode);
  const most = findStrictestDemand(demands, ({ most: mode }) => mode, -1);
  if (least?.least && most?.most && rankSslMode(least.least) > rankSslMode(most.most))
    refuseConnectionString(`${least.option} and ${most.option} that do not contradict each other`);
};

/** Converts an option whose value is a mode: it demands at least this mode, and `disable` allows no other. */
export const toTlsDemand = (option: string, mode: SslMode): TlsDemand =>
  mode === 'disable' ? { option, most: mode } : { option, least: mode };

const rankSslMode = (mode: SslMode): number => sslModes.indexOf(mode);

const pickStricterMode = (a: SslMode | undefined, b: SslMode | undefined): SslMode | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return rankSslMode(a) >= rankSslMode(b) ? a : b;
};

/** Finds the demand with the strictest mode, or with the weakest if `sign` is -1. */
const findStrictestDemand = (
  demands: readonly TlsDemand[],
  getMode: (demand: TlsDemand) => SslMode | undefined,
  sign = 1,
): TlsDemand | undefined => {
  const ranked = demands.flatMap((demand) => {
    const mode = getMode(demand);
    return mode === undefined ? [] : [{ demand, rank: sign * rankSslMode(mode) }];
  });
  const [first] = ranked.toSorted((a, b) => b.rank - a.rank);
  return first?.demand;
};
