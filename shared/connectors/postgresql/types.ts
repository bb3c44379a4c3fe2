import { toPostgresqlColumnKind, renderPostgresqlType } from './kinds.ts';
import type { PostgresqlType } from './relation-sets.ts';

interface PostgresqlTypeEntry {
  readonly name: string;
  readonly type: string;
  readonly typtype: string;
  readonly category: string;
  /** The oid of the base type of a domain. */
  readonly base: string;
  readonly required: boolean;
  readonly builtIn: boolean;
}

type PostgresqlTypeRow = readonly string[];

/** Collects the types of one catalog. Each type is created once per modifier. */
export const createPostgresqlTypes = () => {
  const known = new Map<string, PostgresqlTypeEntry>();
  const elements = new Map<string, string>();
  const types = new Map<string, PostgresqlType>();
  /** Types whose spelling is not known yet. */
  const unspelled = new Map<string, PostgresqlType>();

  /** Resolves a domain to its base type. The depth limit protects against a hostile server with circular domains. */
  const resolve = (oid: string, depth = 0): Pick<PostgresqlType, 'kind' | 'required'> => {
    const it = known.get(oid);
    if (elements.has(oid)) return { kind: 'array', required: false };
    if (it?.typtype !== 'd' || depth > 100)
      return {
        kind: it ? toPostgresqlColumnKind(it.name, it.typtype, it.category) : 'other',
        required: false,
      };
    const base = resolve(it.base, depth + 1);
    return { kind: base.kind, required: it.required || base.required };
  };

  const spell = (oid: string, modifier: number): string | undefined => {
    const element = elements.get(oid);
    if (element !== undefined) {
      const inner = spell(element, modifier);
      return inner === undefined ? undefined : `${inner}[]`;
    }
    const it = known.get(oid);
    if (modifier < 0) return it?.type;
    return it?.builtIn ? renderPostgresqlType(it.name, modifier) : undefined;
  };

  return {
    unspelled,

    /** Adds a row of the query for types. */
    add: ([
      oid = '',
      array = '0',
      name = '',
      type = '',
      typtype = '',
      category = '',
      base = '',
      required,
      builtIn,
    ]: PostgresqlTypeRow) => {
      known.set(oid, {
        name,
        type: stripPublicSchema(type),
        typtype,
        category,
        base,
        required: required === 't',
        builtIn: builtIn === 't',
      });
      if (array !== '0') elements.set(array, oid);
    },

    /** `key` contains the oid of the type in the lower 32 bits, and the modifier plus one above. */
    resolveType: (key: string): PostgresqlType => {
      const found = types.get(key);
      if (found) return found;
      const bits = BigInt(key);
      const oid = `${bits & 0xffffffffn}`;
      const spelling = spell(oid, Number(bits >> 32n) - 1);
      const type: PostgresqlType = { type: spelling ?? '', ...resolve(oid) };
      if (spelling === undefined) unspelled.set(key, type);
      types.set(key, type);
      return type;
    },

    /** Adds a row of the second batch. */
    addSpelling: ([key = '', spelling = '', typtype = '', category = '', name = '']: PostgresqlTypeRow) => {
      const type = unspelled.get(key);
      if (!type) return;
      type.type = stripPublicSchema(spelling);
      if (type.kind === 'other') type.kind = toPostgresqlColumnKind(name, typtype, category);
    },
  };
};

/** Removes the schema `public`, which the default search_path of PostgreSQL contains. */
const stripPublicSchema = (type: string) =>
  type.startsWith('public.') ? type.slice('public.'.length) : type;
