import type * as v from 'valibot';
import { fieldNames } from '../domain/given-secrets.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

type Clean = (text: string) => string;

/**
 * The problem without a secret in a path of `errors`. Names that a schema has are told as they are: short passwords are a part of too many of
 * them. Any other is the caller's own, and `*` where it holds a secret.
 */
export const cleanPaths = (problem: Problem, endpoint: Endpoint, clean: Clean): Problem => {
  const { code, message, cause, extras } = problem;
  if (!extras.errors) return problem;
  const known = namesOf(endpoint);
  const isOurs = (name: string) => known.has(name) || fieldNames().has(name) || /^\d{1,6}$/.test(name);
  const cleanName = (name: string) => (isOurs(name) || clean(name) === name ? name : '*');
  // As a whole first: a secret may have dots in it.
  const cleanPath = (path: string) => {
    const named = path.split('.').map(cleanName).join('.');
    const foreign = named
      .split('.')
      .filter((name) => !isOurs(name))
      .join('.');
    return clean(foreign) === foreign ? named : '*';
  };
  const errors = extras.errors.map((complaint) => ({ ...complaint, path: cleanPath(complaint.path) }));
  return new Problem(code, message, { ...extras, errors, cause });
};

const known = new WeakMap<Endpoint, ReadonlySet<string>>();

const namesOf = (endpoint: Endpoint): ReadonlySet<string> => {
  const found =
    known.get(endpoint) ?? listNames([endpoint.body, endpoint.query, endpoint.headers, endpoint.params]);
  known.set(endpoint, found);
  return found;
};

/** The names of the fields of schemas, however deep. */
const listNames = (schemas: readonly (v.GenericSchema | undefined)[]): ReadonlySet<string> => {
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
    for (const inner of partNames) {
      const value: unknown = Reflect.get(part, inner);
      if (Array.isArray(value)) value.forEach(visit);
      else visit(value);
    }
  };
  schemas.forEach(visit);
  return names;
};

/** Where a schema of valibot keeps others, besides `entries`. */
const partNames = ['pipe', 'wrapped', 'item', 'items', 'options', 'key', 'value', 'rest'] as const;
