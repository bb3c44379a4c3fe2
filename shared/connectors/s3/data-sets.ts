import type { Column, CatalogScope } from '../catalog.ts';
import { findFileFormat } from './formats.ts';
import type { ListedObject } from './list-object-page.ts';
import { isMetadataFile, isPartFile, toTableFolders } from './table-files.ts';

/** The objects of one future table: a single object, the objects below partition folders, or the parts that one job wrote into a folder. */
export interface DataSet {
  readonly schema: string;
  readonly name: string;
  kind: 'file' | 'table';
  bytes: number;
  files: number;
  /** Number of files that are not empty. */
  filled: number;
  /** Whether these files have several extensions. The size of one then says nothing about the rows of another. */
  mixed: boolean;
  /** The file to read columns from, the latest readable one that is not empty; `spare` is the second choice. */
  sample: ListedObject | undefined;
  spare: ListedObject | undefined;
  /** What the values of each partition key say about its kind. */
  readonly partitions: Map<string, PartitionValues>;
}

interface PartitionValues {
  integer: boolean;
  date: boolean;
  absent: boolean;
  some: boolean;
}

/** Groups object keys into data sets as they arrive: `lake/orders/year=2026/1.parquet` belongs to `lake`.`orders`. */
export const createDataSets = (
  bucket: string,
  { schemas, excludedSchemas }: CatalogScope,
  maxSets: number,
): {
  add(object: ListedObject): void;
  readonly found: ReadonlyMap<string, DataSet>;
  overflow(): number;
  oversized(): number;
} => {
  const found = new Map<string, DataSet>();
  const excluded = new Set(excludedSchemas);
  const wanted = schemas && new Set(schemas);
  let overflow = 0;
  let oversized = 0;

  const add = (object: ListedObject) => {
    if (object.key.length > MAX_OBJECT_KEY_CHARACTERS) {
      oversized += 1;
      return;
    }
    const folders = object.key.split('/');
    const file = folders.pop() ?? '';
    if (file === '' || isHiddenName(file) || isMetadataFile(folders, file) || folders.some(isHiddenFolder))
      return;
    const first = folders.findIndex(isPartitionFolder);
    const isFolder = first >= 0 || isPartFile(file);
    const root = toTableFolders(first < 0 ? folders : folders.slice(0, first), file);
    // A folder with an empty name stays in the path, so that `/a` and `a` differ.
    const name = isFolder ? (root.at(-1) && root.pop()) || bucket : file;
    const schema = root.every((folder) => folder === '') ? '/'.repeat(root.length) : root.join('/');
    if (excluded.has(schema) || (wanted && !wanted.has(schema))) return;

    const id = `${schema}\0${name}`;
    let set = found.get(id);
    if (!set) {
      if (found.size >= maxSets) {
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
    // An object may have the same name as a folder.
    if (isFolder) set.kind = 'table';
    set.bytes += object.size;
    set.files += 1;
    if (object.size > 0) {
      set.filled += 1;
      set.mixed ||= set.sample !== undefined && findExtension(set.sample) !== findExtension(object);
      keepBestSamples(set, object);
    }
    if (first >= 0) for (const folder of folders.slice(first)) addPartitionValue(set.partitions, folder);
  };
  return { add, found, overflow: () => overflow, oversized: () => oversized };
};

/** Partition columns are in the path, not in the files. They come last, as in Hive. */
export const toPartitionColumns = ({ partitions }: DataSet, from: number): Column[] =>
  [...partitions].map(([name, values], at) => {
    const kind = toPartitionKind(values);
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

const toPartitionKind = ({ some, integer, date }: PartitionValues): Column['kind'] => {
  if (some && integer) return 'integer';
  return some && date ? 'date' : 'string';
};

const keepBestSamples = (set: DataSet, object: ListedObject): void => {
  const isBetter = (than: ListedObject | undefined) =>
    !than || ((set.mixed && rankReadability(object) - rankReadability(than)) || compareAge(object, than)) > 0;
  if (isBetter(set.sample)) {
    set.spare = set.sample;
    set.sample = object;
  } else if (isBetter(set.spare)) set.spare = object;
};

/** Sorts archived objects before others, then older ones before newer ones, then by key: the order of the listing must not matter. */
const compareAge = (one: ListedObject, other: ListedObject): number => {
  if (one.archived !== other.archived) return one.archived ? -1 : 1;
  if (one.changed !== other.changed) return one.changed - other.changed;
  return one.key > other.key ? 1 : -1;
};

const findExtension = ({ key }: ListedObject): string => {
  const at = key.lastIndexOf('.');
  return at > key.lastIndexOf('/') ? key.slice(at) : '';
};

/** Ranks files that can be read above those that cannot. */
const rankReadability = ({ key }: ListedObject): number => {
  const named = findFileFormat(key);
  if (!named) return 0;
  return named.format === 'unsupported' || named.packing === 'other' ? 1 : 2;
};

const isPartitionFolder = (folder: string): boolean => /^[^=]+=/.test(folder);

/** Whether Hive or Spark writes such a file or folder beside the data: `_SUCCESS`, `_delta_log`, `.part.crc`. */
const isHiddenName = (segment: string): boolean => segment.startsWith('_') || segment.startsWith('.');
const isHiddenFolder = (folder: string): boolean => isHiddenName(folder) && !isPartitionFolder(folder);

const addPartitionValue = (partitions: Map<string, PartitionValues>, folder: string) => {
  const at = folder.indexOf('=');
  if (at < 1) return;
  const name = decodePartitionText(folder.slice(0, at));
  const value = decodePartitionText(folder.slice(at + 1));
  if (partitions.size >= MAX_PARTITION_KEYS && !partitions.has(name)) return;
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

/** Real layouts have a few partition keys; a hostile one could have a hundred new ones in each object key. */
const MAX_PARTITION_KEYS = 100;
/** S3 allows no longer keys: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_OBJECT_KEY_CHARACTERS = 1024;

/** Decodes the characters that Hive escapes because a folder's name cannot hold them. */
const decodePartitionText = (text: string): string => {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
