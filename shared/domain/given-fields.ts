import type { Connector } from '../connectors/connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { repairPem } from '../connectors/pem.ts';
import { asksForYours, describePlaceholder } from '../connectors/placeholders.ts';
import { type Complaint, refusal } from '../parse.ts';
import { expectInPlace } from './misplaced.ts';
import { expectSeen, unseen } from './unseen.ts';

type Fields = Readonly<Record<string, unknown>>;

interface GivenFields {
  readonly config: Fields;
  readonly credentials: Fields;
}

/**
 * Reads the fields of a request as they are surely meant: without the blanks around them that copying brings along, and PEM with its line
 * breaks. Refuses placeholders anywhere, and in what is no secret characters that cannot be seen and what belongs in another field. It looks
 * at what a caller sends and not at the whole connection: one that was stored before stays as it is.
 */
export const readGivenFields = (
  connector: Pick<Connector, 'config' | 'credentials' | 'connectionString' | 'misplaced'>,
  given: GivenFields,
): GivenFields => {
  const secrets = secretNames(connector);
  const config = mapFields(given.config, trimField);
  const credentials = mapFields(given.credentials, (value, name) =>
    secrets.has(name) ? repairSecret(value) : trimField(value),
  );
  const complaints = [
    ...Object.entries(config).flatMap(([name, value]) => [
      ...complainOfOpen(`config.${name}`, name, value),
      ...complainOfPlace(connector, `config.${name}`, name, value),
    ]),
    ...Object.entries(credentials).flatMap(([name, value]) => {
      if (name === 'ssl_key') return [];
      const path = `credentials.${name}`;
      return secrets.has(name) ? complainOfPlaceholder(path, name, value) : complainOfOpen(path, name, value);
    }),
  ];
  if (complaints.length > 0) throw refusal(complaints);
  return { config, credentials };
};

/** Certificates and a key as they are surely meant. */
export const readGivenSsl = <Ssl extends Readonly<Record<string, string | null | undefined>>>(
  ssl: Ssl,
): Ssl => mapFields(ssl, repairSecret) as Ssl; // a text stays a text

const mapFields = (fields: Fields, read: (value: unknown, name: string) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value, name)]));

const trimField = (value: unknown): unknown => {
  if (typeof value === 'string') return trimEnds(value);
  return Array.isArray(value) ? value.map(trimField) : value;
};

/** What else `\s` knows cannot be seen, and is refused by its name. */
const isBlank = (character: string | undefined): boolean => /^[\t\r\n\p{Zs}]$/u.test(character ?? '');

/** In one pass: a pattern that ends in `$` would look at a long run of blanks anew from each of them. */
const trimEnds = (text: string): string => {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
};

/** A password may end in a blank; a key in PEM may not, and a key file is JSON, whose `\n` are its own. */
const repairSecret = (value: unknown): unknown =>
  typeof value === 'string' && !/^\s*\{/.test(value) ? repairPem(value) : value;

const complainOfPlace = (
  connector: Parameters<typeof expectInPlace>[0],
  path: string,
  name: string,
  value: unknown,
): readonly Complaint[] => {
  if (Array.isArray(value))
    return value.flatMap((item, at) => complainOfPlace(connector, `${path}.${at}`, name, item));
  // A field that the connector does not have is refused as such.
  if (typeof value !== 'string' || !Object.hasOwn(connector.config.entries, name)) return [];
  const expected =
    unseen.test(value) || describePlaceholder(value) ? undefined : expectInPlace(connector, name, value);
  return expected === undefined ? [] : [{ path, expected }];
};

const secretNames = ({ credentials }: Pick<Connector, 'credentials'>): ReadonlySet<string> =>
  new Set(
    Object.values(credentials).flatMap(({ entries }) =>
      Object.entries(entries).flatMap(([name, entry]) => (isSecret(entry) ? name : [])),
    ),
  );

const complainOfOpen = (path: string, name: string, value: unknown): readonly Complaint[] => {
  if (Array.isArray(value)) return value.flatMap((item, at) => complainOfOpen(`${path}.${at}`, name, item));
  if (typeof value !== 'string') return [];
  const seen = expectSeen(value);
  if (seen !== undefined) return [{ path, expected: seen }];
  if (asksForYours(value))
    return [{ path, expected: placeholder(name, 'a part of this looks like a placeholder') }];
  return complainOfPlaceholder(path, name, value);
};

const complainOfPlaceholder = (path: string, name: string, value: unknown): readonly Complaint[] => {
  const looks = typeof value === 'string' ? describePlaceholder(value) : undefined;
  return looks === undefined ? [] : [{ path, expected: placeholder(name, looks) }];
};

const placeholder = (name: string, looks: string) => `the real ${name.replaceAll('_', ' ')}: ${looks}`;
