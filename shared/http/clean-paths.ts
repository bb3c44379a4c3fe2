import type * as v from 'valibot';
import { fieldNames } from '../domain/given-secrets.ts';
import { Problem } from '../problem.ts';
import type { Endpoint } from './endpoint.ts';

type Clean = (text: string) => string;

/**
 * Removes secrets from the paths of `errors`. Keeps names that a schema defines, because short passwords are part of too many of them.
 * Replaces any other name, which comes from the caller, with `*` if it contains a secret.
 */
export const cleanPaths = (problem: Problem, endpoint: Endpoint, clean: Clean): Problem => {
  const { code, message, cause, extras } = problem;
  if (!extras.errors) return problem;
  const known = namesOf(endpoint);
  const isOurs = (name: string) => known.has(name) || fieldNames().has(name) || /^\d{1,6}$/.test(name);
  const cleanName = (name: string) => (isOurs(name) || clean(name) === name ? name : '*');
  // Also checks the caller's names joined: a secret may contain dots.
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

/** Lists the field names of schemas at all depths. */
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

/** The properties, other than `entries`, in which a valibot schema holds nested schemas. */
const partNames = ['pipe', 'wrapped', 'item', 'items', 'options', 'key', 'value', 'rest'] as const;
