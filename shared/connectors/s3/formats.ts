/** The format that an object's key names. */
export interface NamedFormat {
  readonly format: FileFormat;
  /** The object's compression; `other` for one that is not supported. */
  readonly packing: 'gzip' | 'zstd' | 'other' | undefined;
}

/** `unsupported` formats hold tables but are not read. */
export type FileFormat = 'parquet' | 'csv' | 'tsv' | 'json' | 'unsupported';

/** Finds the format by the key's extensions; `undefined` for files that are not tables. */
export const findFileFormat = (key: string): NamedFormat | undefined => {
  const [, inner = '', last = ''] = /(?:\.([a-z0-9]{1,8}))?\.([a-z0-9]{1,8})$/i.exec(key) ?? [];
  const packing = findByExtension(compressionFormats, last);
  const format = findByExtension(fileFormats, packing === undefined ? last : inner);
  return format && { format, packing };
};

const findByExtension = <T>(table: Readonly<Record<string, T>>, extension: string): T | undefined => {
  const name = extension.toLowerCase();
  return Object.hasOwn(table, name) ? table[name] : undefined;
};

const fileFormats: Readonly<Record<string, FileFormat>> = {
  parquet: 'parquet',
  pq: 'parquet',
  csv: 'csv',
  psv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  orc: 'unsupported',
  avro: 'unsupported',
  xlsx: 'unsupported',
  xls: 'unsupported',
  ods: 'unsupported',
  feather: 'unsupported',
  arrow: 'unsupported',
};

const compressionFormats: Readonly<Record<string, 'gzip' | 'zstd' | 'other'>> = {
  gz: 'gzip',
  gzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
  bz2: 'other',
  lz4: 'other',
  snappy: 'other',
  sz: 'other',
  xz: 'other',
  br: 'other',
  zip: 'other',
};

/** Detects the content from the first bytes, whatever the name says; `undefined` for text, which may be a table. */
export const detectContent = (bytes: Buffer): 'gzip' | 'zstd' | 'other' | undefined =>
  // An error page in place of the file.
  /^\s*<(!doctype|html|\?xml)/i.test(bytes.toString('latin1', 0, 100))
    ? 'other'
    : fileSignatures.find(([signature]) => bytes.subarray(0, signature.length).equals(signature))?.[1];

const fileSignatures: readonly (readonly [signature: Buffer, content: 'gzip' | 'zstd' | 'other'])[] = (
  [
    ['1f8b', 'gzip'],
    ['28b52ffd', 'zstd'],
    ['50415231', 'other'], // Parquet
    ['50415245', 'other'], // Parquet with an encrypted footer
    ['4f5243', 'other'], // ORC
    ['4f626a01', 'other'], // Avro
    ['504b0304', 'other'], // zip, and so Excel
    ['d0cf11e0a1b11ae1', 'other'], // older Excel
    ['425a68', 'other'], // bzip2
    ['04224d18', 'other'], // lz4
    ['fd377a585a00', 'other'], // xz
    ['ff060000734e6150', 'other'], // snappy
  ] as const
).map(([hex, content]) => [Buffer.from(hex, 'hex'), content]);
