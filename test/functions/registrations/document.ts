import { seed } from '../../seeds/read.ts';

/** A field as the seed describes it. */
export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** `string`, `integer`, `Array<string>`, `Any of:`… */
  readonly type: string;
  readonly format: string | undefined;
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly pattern: string | undefined;
}

/** The fields that the seed lists between two of its lines. */
export const parseFieldsBetween = (from: string, to: string): Field[] => {
  const lines = seed('004-registrations')
    .replaceAll(/[‘’]/g, "'")
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const start = lines.indexOf(from);
  const end = lines.indexOf(to, start + 1);
  if (start < 0 || end < 0) throw new Error(`expected the lines ${from} and ${to} in the seed`);
  const own = lines.slice(start + 1, end);
  const starts = own.flatMap((line, at) => (isName(line) ? [at] : []));
  return starts.map((at, nth) => fieldOf(own.slice(at, starts[nth + 1])));
};

const types = /^(object|string|boolean|integer|Array|Array<\w+>|Any of:)$/;

const isName = (line: string) => /^[a-z][a-z_]*$/.test(line) && line !== 'required' && !types.test(line);

const fieldOf = ([name = '', ...lines]: readonly string[]): Field => {
  const words = lines.filter((line) => line !== 'required');
  const at = words.findIndex((line) => types.test(line.replace(/ format: .*/, '')));
  const [title, description] = words.slice(0, at);
  const rules = words.slice(at).join('\n');
  const number = (sign: string) => new RegExp(`${sign} (\\d+) characters`).exec(rules)?.[1];
  const least = number('>=');
  const most = number('<=');
  return {
    name,
    required: lines.includes('required'),
    title,
    description,
    type: rules.split('\n')[0]?.replace(/ format: .*/, '') ?? '',
    format: / format: (\S+)/.exec(rules)?.[1],
    least: least === undefined ? undefined : Number(least),
    most: most === undefined ? undefined : Number(most),
    pattern: /^\/(.*)\/$/m.exec(rules)?.[1],
  };
};

export const createFields = parseFieldsBetween('ConnectionCreate', 'Successful Response');
export const responseFields = parseFieldsBetween('ConnectionResponse', 'error');
export const errorFields = parseFieldsBetween('ErrorDetail', 'Validation Error');
export const validationErrorFields = parseFieldsBetween('ValidationError', 'input');

/** The names in the pattern of `db_type`. */
export const dbTypes = createFields.find(({ name }) => name === 'db_type')?.pattern?.match(/[a-z_]+/g) ?? [];

/** The schemas in parentheses where the seed describes the default. */
export const defaultSchemas =
  /internal schemas \(([^)]+)\)/
    .exec(createFields.find(({ name }) => name === 'excluded_schemas')?.description ?? '')?.[1]
    ?.split(', ') ?? [];
