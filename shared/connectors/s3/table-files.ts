/** How programs name the parts of one output. Other files in the same folder may be unrelated. */
const partFilePattern = new RegExp(
  [
    '^part-([mr]-)?\\d{5}', // Hadoop, Spark
    '^\\d{6}_\\d+(_copy_\\d+)?(\\.|$)', // Hive
    '^\\d{8}_\\d{6}_\\d{5}_[a-z0-9]{5}[_-]', // Trino, Athena
    '^\\d{4}_part_\\d{2,}', // Redshift's UNLOAD
    '^data_\\d+(_\\d+){0,2}\\.', // Snowflake's COPY INTO, DuckDB's COPY
    '^\\d{12}\\.', // BigQuery's EXPORT DATA
    '^part\\.\\d+\\.', // Dask
    '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\\d+_\\d+-\\d+-\\d+_\\d+\\.', // Hudi
    '^\\d{5}-\\d+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', // Iceberg
  ].join('|'),
);

export const isPartFile = (file: string): boolean => partFilePattern.test(file);

/** Returns the folders of a table: Iceberg puts its files into `data`, below the table's folder. https://iceberg.apache.org/spec/ */
export const toTableFolders = (folders: readonly string[], file: string): string[] =>
  folders.length > 1 && folders.at(-1) === 'data' && icebergDataPattern.test(file)
    ? folders.slice(0, -1)
    : [...folders];

const icebergDataPattern =
  /^(\d{5}-\d+|\d{8}_\d{6}_\d{5}_[a-z0-9]{5})-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * Whether a program writes such a file beside the files of a table: Hadoop in place of a folder, Delta for deleted rows, Athena for the types
 * of a result, Iceberg for its versions.
 */
export const isMetadataFile = (folders: readonly string[], file: string): boolean =>
  file.endsWith('_$folder$') ||
  /^(deletion_vector_[0-9a-f-]{36}\.bin|[0-9a-f-]{36}\.(csv|txt)\.metadata)$/.test(file) ||
  (folders.at(-1) === 'metadata' && icebergMetadataPattern.test(file));

/** Iceberg's versions, snapshots, manifests and statistics. */
const icebergMetadataPattern =
  /\.metadata\.json(\.gz)?$|^(\d{5}-[0-9a-f-]{36}|v\d+)\.gz\.metadata\.json$|^snap-\d+-.*\.avro$|-m\d+\.avro$|^version-hint\.text$|\.(stats|puffin)$/;
