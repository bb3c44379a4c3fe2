/** The values of `missing.reason`: why the catalog lacks something that the source contains. Catalogs of release 0.1.0 may have others for S3. */
export const missingReasons = {
  'brokers-left-out':
    'The rows of topics on these brokers were not counted, because the cluster has too many brokers.',
  'brokers-unreachable': 'These brokers could not be reached, so the rows of their topics are not known.',
  'bucket-denied': 'The account cannot list the bucket.',
  'columns-denied': 'The account may read only some columns of these tables.',
  'columns-limited': 'These objects have too many columns. The catalog has the first ones.',
  'columns-timed-out': 'Reading a sample of these collections took too long, so their columns are missing.',
  'columns-unread':
    'The server refused to read the columns of these tables or collections, so they are missing.',
  'comments-unread': 'The comments could not be read.',
  'defaults-unread': 'The default values of columns could not be read.',
  'encryption-keys-denied':
    'The encryption keys of these objects cannot be used, so their columns are missing.',
  'expressions-unread':
    'The server could not render the expressions of defaults and indexes, so both are missing.',
  'external-unread': 'The server could not list external tables, so these and all comments are missing.',
  'footers-encrypted': 'The footers of these Parquet files are encrypted, so their columns are missing.',
  'indexes-unread': 'The indexes could not be read.',
  'keys-limited': 'These schemas have more keys than the server lists, so some are missing.',
  'keys-unread': 'The primary and foreign keys could not be read.',
  'kinds-unread': 'The kinds of tables, such as `materialized_view`, or of columns could not be read.',
  limit: 'A limit of the catalog was reached. The remediation says what is missing.',
  'names-ambiguous':
    'These fields have a dot in their names, and share a column with a nested field of that path.',
  'no-database': 'The connection has no database to read.',
  'nothing-visible': 'The account sees no schema.',
  'object-keys-too-long': 'These objects have keys of more than 1024 characters.',
  'objects-archived': 'These objects are archived, so their columns are missing.',
  'objects-denied': 'The account cannot read these objects.',
  'objects-failed': 'The server failed to send these objects, so their columns are missing.',
  'objects-limited': 'The bucket contains more objects than were listed.',
  'objects-too-large': 'These objects are too large or too deeply nested, so their columns are missing.',
  'objects-unreadable':
    'These objects are damaged, encrypted or not in the format of their names, so their columns are missing.',
  'objects-unsupported': 'The formats of these objects are not supported, so their columns are missing.',
  'privileges-unread':
    'The privileges could not be read, so tables and columns that the account cannot read may be in the catalog.',
  'schemas-denied': 'The account cannot read these schemas, or these subjects of the schema registry.',
  'schemas-failed': 'Reading these schemas failed, or reading these subjects of the schema registry.',
  'schemas-not-found': 'These schemas of the connection do not exist.',
  'schemas-too-large': 'The schemas of these subjects are too large, so columns are missing.',
  'schemas-unavailable': 'The schema registry failed, so the topics have no columns of a schema.',
  'schemas-unreadable': 'The schemas of these subjects are invalid, so columns are missing.',
  'schemas-unresolved':
    'The schemas of these subjects use types that were not found, so columns are missing.',
  'schemas-unsupported':
    'The schemas of these subjects are in unsupported formats or versions, so columns are missing.',
  'statistics-denied': 'The account cannot read row counts and sizes.',
  'statistics-unread': 'Row counts and sizes could not be read.',
  'tables-denied': 'The account cannot read these tables, or these schemas or datasets.',
  'tables-failed': 'Reading these tables or datasets failed.',
  'tables-hidden':
    'The server hides the tables on which the account has no privilege, so their number is not known.',
  'tables-limited': 'These objects would be more tables than a catalog can hold.',
  'tables-unlisted': 'The account cannot list all collections of some databases.',
  'topics-denied': 'The account sees no topic.',
  'types-unknown':
    'These columns have types that the Parquet format does not define. The catalog has their physical types.',
  'views-broken': 'These views cannot be read by any account.',
  'views-unchecked': 'A lock prevented the check of whether these views can be read.',
  'views-unread': 'The views could not be read.',
} as const satisfies Readonly<Record<string, string>>;

export type MissingReason = keyof typeof missingReasons;
