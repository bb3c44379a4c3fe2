import type { Secret } from './secrets.ts';

/**
 * A placeholder in a drawn request for values that only a running world knows: a server by its number, a new
 * secret by its field.
 */
export type Token =
  | { readonly $port: number }
  | {
      readonly $places: readonly { readonly host: string; readonly server: number }[];
      readonly list?: boolean;
    }
  | {
      readonly $url: {
        readonly scheme: string;
        readonly host: string;
        readonly server: number;
        readonly of: ServerKind;
      };
    }
  | { readonly $secret: string }
  | { readonly $arn: number }
  | { readonly $authority: 'ours' | 'other' };

/** The connector's own servers, and the registry beside them. */
export type ServerKind = 'own' | 'registry';

export interface Meaning {
  readonly portOf: (server: number, kind: ServerKind) => number;
  readonly newSecret: (field: string) => Secret;
  readonly arnOf: (number: number) => string;
  readonly authority: (which: 'ours' | 'other') => string;
}

/** Replaces all tokens in a drawn value by their meaning in a world. */
export const resolve = (value: unknown, meaning: Meaning): unknown => {
  if (Array.isArray(value)) return value.map((item) => resolve(item, meaning));
  if (typeof value !== 'object' || value === null) return value;
  if (isToken(value)) return meant(value, meaning);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolve(item, meaning)]));
};

const isToken = (value: object): value is Token => Object.keys(value).some((name) => name.startsWith('$'));

const meant = (token: Token, { portOf, newSecret, arnOf, authority }: Meaning): unknown => {
  if ('$port' in token) return portOf(token.$port, 'own');
  if ('$secret' in token) return newSecret(token.$secret).value;
  if ('$arn' in token) return arnOf(token.$arn);
  if ('$authority' in token) return authority(token.$authority);
  if ('$url' in token) {
    const { scheme, host, server, of } = token.$url;
    return `${scheme}://${host}:${portOf(server, of)}`;
  }
  const places = token.$places.map(({ host, server }) => `${host}:${portOf(server, 'own')}`);
  return token.list ? places : places.join(',');
};

/** Stands in for a world, to check drawn values against a schema before servers exist. */
export const anything: Meaning = {
  portOf: () => 1,
  newSecret: (field) => ({ field, value: 'fake', needle: 'fake' }),
  arnOf: () => 'arn:aws:secretsmanager:local:000000000000:secret:none',
  authority: () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};
