import type { Column, Scope } from '../catalog.ts';
import type { Listed } from './list.ts';

/** A table to be: an object, the objects below a folder of partitions, or the parts that one job wrote into a folder. */
export interface DataSet {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'file' | 'table';
  bytes: number;
  files: number;
  /** How many of its files hold anything. */
  filled: number;
  /** What its columns are read from: the latest that holds anything. */
  sample: Listed | undefined;
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
    if (file === '' || isHidden(file) || isMarker(file) || folders.some(isHiddenFolder)) return;
    const first = folders.findIndex(isPartition);
    const root = first < 0 ? folders : folders.slice(0, first);
    const isFolder = first >= 0 || isPart(file);
    const name = isFolder ? root.pop() || bucket : file;
    const schema = root.join('/');
    if (excluded.has(schema) || (wanted && !wanted.has(schema))) return;

    const id = `${schema}\0${name}`;
    let set = found.get(id);
    if (!set) {
      if (found.size >= most) {
        overflow += 1;
        return;
      }
      const kind = isFolder ? 'table' : 'file';
      set = { schema, name, kind, bytes: 0, files: 0, filled: 0, sample: undefined, partitions: new Map() };
      found.set(id, set);
    }
    set.bytes += object.size;
    set.files += 1;
    if (object.size > 0) {
      set.filled += 1;
      if (isLater(object, set.sample)) set.sample = object;
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

/** Of two that changed at once the one whose name comes later, in whatever order they are listed. */
const isLater = ({ changed, key }: Listed, than: Listed | undefined): boolean =>
  !than || changed > than.changed || (changed === than.changed && key > than.key);

const isPartition = (folder: string): boolean => /^[^=]+=/.test(folder);

/** What Hive and Spark write beside the data: `_SUCCESS`, `_delta_log`, `.part.crc`. */
const isHidden = (segment: string): boolean => segment.startsWith('_') || segment.startsWith('.');
/** What Hadoop leaves in place of a folder: `orders_$folder$`. https://repost.aws/knowledge-center/emr-s3-empty-files */
const isMarker = (file: string): boolean => file.endsWith('_$folder$');
/** What Hadoop and Spark name the files of one output: `part-00000`, `part-r-00003.gz`, `part-00001-….c000.snappy.parquet`. */
const isPart = (file: string): boolean => /^part-([mr]-)?\d{5}/.test(file);
const isHiddenFolder = (folder: string): boolean => isHidden(folder) && !isPartition(folder);

const note = (partitions: Map<string, Values>, folder: string) => {
  const at = folder.indexOf('=');
  if (at < 1) return;
  const name = unescaped(folder.slice(0, at));
  const value = folder.slice(at + 1);
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
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
