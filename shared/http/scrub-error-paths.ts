import type * as v from 'valibot';
import { listFieldNames } from '../domain/input/request-secrets.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

type PathScrubber = (text: string) => string;

/**
 * Removes secrets from the paths of `errors`. Keeps names that a schema defines, because short passwords are part of too many of them.
 * Replaces any other name, which comes from the caller, with `*` if it contains a secret.
 */
export const scrubErrorPaths = (problem: Problem, endpoint: Endpoint, clean: PathScrubber): Problem => {
  const { code, message, cause, extras } = problem;
  if (!extras.errors) return problem;
  const schemaNames = getSchemaNames(endpoint);
  const isKnown = (name: string) =>
    schemaNames.has(name) || listFieldNames().has(name) || /^\d{1,6}$/.test(name);
  const cleanName = (name: string) => (isKnown(name) || clean(name) === name ? name : '*');
  // Also checks the caller's names joined: a secret may contain dots.
  const cleanPath = (path: string) => {
    const named = path.split('.').map(cleanName).join('.');
    const foreign = named
      .split('.')
      .filter((name) => !isKnown(name))
      .join('.');
    return clean(foreign) === foreign ? named : '*';
  };
  const errors = extras.errors.map((fieldError) => ({ ...fieldError, path: cleanPath(fieldError.path) }));
  return new Problem(code, message, { ...extras, errors, cause });
};

const schemaNamesCache = new WeakMap<Endpoint, ReadonlySet<string>>();

const getSchemaNames = (endpoint: Endpoint): ReadonlySet<string> => {
  const found =
    schemaNamesCache.get(endpoint) ??
    listSchemaNames([endpoint.body, endpoint.query, endpoint.headers, endpoint.params]);
  schemaNamesCache.set(endpoint, found);
  return found;
};

/** Lists the field names of schemas at all depths. */
const listSchemaNames = (schemas: readonly (v.GenericSchema | undefined)[]): ReadonlySet<string> => {
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if ('entries' in part && typeof part.entries === 'object' && part.entries !== null)
      for (const [name, entry] of Object.entries(part.entries)) {
        names.add(name);
        visit(entry);
      }
    for (const inner of schemaPartNames) {
      const value: unknown = Reflect.get(part, inner);
      if (Array.isArray(value)) value.forEach(visit);
      else visit(value);
    }
  };
  schemas.forEach(visit);
  return names;
};

/** The properties, other than `entries`, in which a valibot schema holds nested schemas. */
const schemaPartNames = ['pipe', 'wrapped', 'item', 'items', 'options', 'key', 'value', 'rest'] as const;
