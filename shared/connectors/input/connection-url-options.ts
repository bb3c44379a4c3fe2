import type { SslMode } from '../connector.ts';
import { parseTimeoutSeconds, refuseConnectionString } from './connection-string-parts.ts';
import { type TlsDemand, toTlsDemand } from './resolve-tls-mode.ts';

/** The demand of a value on TLS: at least this mode (`disable`: no other mode), or in detail. */
export type TlsMeaning = SslMode | Omit<TlsDemand, 'option'>;

/** What an option of a connection string does. */
export interface UrlOption {
  /** The field that it sets. */
  readonly field?: string;
  readonly toValue?: (text: string) => unknown;
  /** The only accepted values, and what each demands of TLS. A key may list several values, separated by spaces. */
  readonly values?: readonly string[] | Readonly<Record<string, TlsMeaning>>;
  /** Prepares the value. Default: `foldValue` of the definition if the option has `values`. */
  readonly foldValue?: (value: string) => string;
  /** What an error message says instead of the list of `values`. */
  readonly expected?: string;
  /** The unit, if it is the connection timeout. */
  readonly timeout?: keyof typeof timeoutUnits;
}

/** An option, with the first name of its key. */
export interface NamedOption extends Omit<UrlOption, 'values'> {
  readonly name: string;
  readonly isIgnored?: boolean;
  readonly meanings?: ReadonlyMap<string, TlsMeaning>;
}

/** An option that a string contains. */
export interface GivenOption extends NamedOption {
  readonly value: string;
}

const timeoutUnits = {
  seconds: () => 1,
  milliseconds: () => 1000,
  'seconds-or-milliseconds': (value: string) => (Number(value) >= 1000 ? 1000 : 1),
} as const;

/** Indexes options by their folded names. */
export const indexOptions = (
  {
    options = {},
    ignored = '',
    foldValue,
  }: {
    readonly options?: Readonly<Record<string, string | UrlOption>>;
    readonly ignored?: string;
    readonly foldValue?: (value: string) => string;
  },
  foldName: (name: string) => string,
): ReadonlyMap<string, NamedOption> => {
  const index = new Map<string, NamedOption>();
  for (const name of ignored.split(/\s+/).filter(Boolean))
    index.set(foldName(name), { name, isIgnored: true });
  for (const [key, option] of Object.entries(options)) {
    const [name = '', ...aliases] = key.split(' ');
    const { values, ...rest } = typeof option === 'string' ? { field: option } : option;
    const named = {
      ...(values && { meanings: indexValues(values), foldValue }),
      ...rest,
      name,
    };
    for (const spelling of [name, ...aliases]) index.set(foldName(spelling), named);
  }
  return index;
};

const indexValues = (values: NonNullable<UrlOption['values']>): ReadonlyMap<string, TlsMeaning> => {
  const meanings = Array.isArray(values)
    ? values.map((value): [string, TlsMeaning] => [value, {}])
    : Object.entries(values);
  return new Map(meanings.flatMap(([key, meaning]) => key.split(' ').map((value) => [value, meaning])));
};

/** Refuses an option that appears twice, because clients disagree on which one counts. */
export const checkUniqueOptions = (options: readonly NamedOption[], ignoredMayRepeat = false): void => {
  const seen = new Set<string>();
  for (const { name, field = name, isIgnored = false } of options) {
    if (isIgnored && ignoredMayRepeat) continue;
    if (seen.has(field)) refuseConnectionString(`the option ${name} once`);
    seen.add(field);
  }
};

interface OptionEffect {
  readonly name: string;
  readonly field?: string | undefined;
  readonly value: unknown;
  readonly tls?: TlsDemand | undefined;
  readonly seconds?: number | undefined;
}

/** Reads what an option sets, and refuses a value that it does not accept. */
export const readOption = ({
  name,
  field,
  meanings,
  expected,
  timeout,
  ...option
}: GivenOption): OptionEffect => {
  const value = option.foldValue?.(option.value) ?? option.value;
  const meaning =
    meanings &&
    (meanings.get(value) ??
      refuseConnectionString(
        expected ?? `${renderChoice([...meanings.keys()].filter(Boolean))} for ${name}`,
      ));
  return {
    name,
    field,
    value: value === '' ? '' : (option.toValue?.(value) ?? value),
    tls: toNamedTlsDemand(name, meaning),
    seconds: timeout && parseTimeoutSeconds(name, value, { unit: timeoutUnits[timeout](value) }),
  };
};

const renderChoice = (values: readonly string[]): string =>
  values.length > 2 ? `one of ${values.join(', ')}` : values.join(' or ');

export const toNamedTlsDemand = (option: string, meaning: TlsMeaning | undefined): TlsDemand | undefined =>
  typeof meaning === 'string' ? toTlsDemand(option, meaning) : meaning && { option, ...meaning };
