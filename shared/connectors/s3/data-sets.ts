import type { Column, Scope } from '../catalog.ts';
import { findFormat } from './formats.ts';
import type { Listed } from './list.ts';
import { isBeside, isPart, rootOf } from './outputs.ts';

/** A table to be: an object, the objects below a folder of partitions, or the parts that one job wrote into a folder. */
export interface DataSet {
  readonly schema: string;
  readonly name: string;
  kind: 'file' | 'table';
  bytes: number;
  files: number;
  /** How many of its files hold anything. */
  filled: number;
  /** Whether these have more than one extension: the size of one says nothing of the rows of another then. */
  mixed: boolean;
  /** What its columns are read from: of those that can be read the latest that holds anything, and the next one. */
  sample: Listed | undefined;
  spare: Listed | undefined;
  /** The values of each partition key, as far as they tell its kind. */
  readonly partitions: Map<string, Values>;
}

interface Values {
  integer: boolean;
  date: boolean;
  absent: boolean;
  some: boolean;
}

/** Folds keys, one after the other, into data sets: `lake/orders/year=2026/1.parquet` is a part of `lake`.`orders`. */
export const dataSets = (
  bucket: string,
  { schemas, excludedSchemas }: Scope,
  most: number,
): {
  add(object: Listed): void;
  readonly found: ReadonlyMap<string, DataSet>;
  overflow(): number;
  oversized(): number;
} => {
  const found = new Map<string, DataSet>();
  const excluded = new Set(excludedSchemas);
  const wanted = schemas && new Set(schemas);
  let overflow = 0;
  let oversized = 0;

  const add = (object: Listed) => {
    if (object.key.length > longestKey) {
      oversized += 1;
      return;
    }
    const folders = object.key.split('/');
    const file = folders.pop() ?? '';
    if (file === '' || isHidden(file) || isBeside(folders, file) || folders.some(isHiddenFolder)) return;
    const first = folders.findIndex(isPartition);
    const isFolder = first >= 0 || isPart(file);
    const root = rootOf(first < 0 ? folders : folders.slice(0, first), file);
    // A folder without a name stays in the path, so that `/a` and `a` are two.
    const name = isFolder ? (root.at(-1) && root.pop()) || bucket : file;
    const schema = root.every((folder) => folder === '') ? '/'.repeat(root.length) : root.join('/');
    if (excluded.has(schema) || (wanted && !wanted.has(schema))) return;

    const id = `${schema}\0${name}`;
    let set = found.get(id);
    if (!set) {
      if (found.size >= most) {
        overflow += 1;
        return;
      }
      set = {
        schema,
        name,
        kind: 'file',
        bytes: 0,
        files: 0,
        filled: 0,
        mixed: false,
        sample: undefined,
        spare: undefined,
        partitions: new Map(),
      };
      found.set(id, set);
    }
    // An object may have the name of a folder.
    if (isFolder) set.kind = 'table';
    set.bytes += object.size;
    set.files += 1;
    if (object.size > 0) {
      set.filled += 1;
      set.mixed ||= set.sample !== undefined && extensionOf(set.sample) !== extensionOf(object);
      keepBest(set, object);
    }
    if (first >= 0) for (const folder of folders.slice(first)) note(set.partitions, folder);
  };
  return { add, found, overflow: () => overflow, oversized: () => oversized };
};

/** They stand in the path and not in the files, and come last, as Hive has them. */
export const partitionColumns = ({ partitions }: DataSet, from: number): Column[] =>
  [...partitions].map(([name, values], at) => {
    const kind = values.some && values.integer ? 'integer' : values.some && values.date ? 'date' : 'string';
    return {
      name,
      type: kind,
      kind,
      nullable: values.absent,
      default: null,
      generated: null,
      comment: 'partition key',
      position: from + at,
    };
  });

const keepBest = (set: DataSet, object: Listed): void => {
  const isBetter = (than: Listed | undefined) =>
    !than || ((set.mixed && rankOf(object) - rankOf(than)) || compareAge(object, than)) > 0;
  if (isBetter(set.sample)) {
    set.spare = set.sample;
    set.sample = object;
  } else if (isBetter(set.spare)) set.spare = object;
};

/** What is archived before what is not, then the earlier one; of two that changed at once the one whose name comes first, in whatever order they are listed. */
const compareAge = (one: Listed, other: Listed): number => {
  if (one.archived !== other.archived) return one.archived ? -1 : 1;
  if (one.changed !== other.changed) return one.changed - other.changed;
  return one.key > other.key ? 1 : -1;
};

const extensionOf = ({ key }: Listed): string => {
  const at = key.lastIndexOf('.');
  return at > key.lastIndexOf('/') ? key.slice(at) : '';
};

/** What can be read comes before what cannot. */
const rankOf = ({ key }: Listed): number => {
  const named = findFormat(key);
  if (!named) return 0;
  return named.format === 'unsupported' || named.packing === 'other' ? 1 : 2;
};

const isPartition = (folder: string): boolean => /^[^=]+=/.test(folder);

/** What Hive and Spark write beside the data: `_SUCCESS`, `_delta_log`, `.part.crc`. */
const isHidden = (segment: string): boolean => segment.startsWith('_') || segment.startsWith('.');
const isHiddenFolder = (folder: string): boolean => isHidden(folder) && !isPartition(folder);

const note = (partitions: Map<string, Values>, folder: string) => {
  const at = folder.indexOf('=');
  if (at < 1) return;
  const name = unescaped(folder.slice(0, at));
  const value = unescaped(folder.slice(at + 1));
  if (partitions.size >= mostPartitions && !partitions.has(name)) return;
  const values = partitions.get(name) ?? { integer: true, date: true, absent: false, some: false };
  partitions.set(name, values);
  if (value === '' || value === '__HIVE_DEFAULT_PARTITION__') {
    values.absent = true;
    return;
  }
  values.some = true;
  values.integer &&= /^-?\d{1,18}$/.test(value);
  values.date &&= /^\d{4}-\d{2}-\d{2}$/.test(value);
};

/** Whoever lays data out has a few; a thousand keys could have a hundred each, all of another name. */
const mostPartitions = 100;
/** No key of S3 is longer: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const longestKey = 1024;

/** Hive escapes what a folder's name cannot hold. */
const unescaped = (text: string): string => {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
