import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { openFolderStore } from '../../infra/local/state-folder.ts';
import { readHealthSummary } from '../../shared/domain/summary/read-summary.ts';
import { tableKeys } from '../../shared/domain/table-keys.ts';

const program = fileURLToPath(new URL('../../infra/recount.ts', import.meta.url));
const tenant = { org: 'org_a', environment: 'default' };

test('npm run recount counts the connections of a tenant that no publisher counted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-recount-'));
  try {
    {
      await using store = openFolderStore(folder);
      const id = '1'.repeat(32);
      const item = { ...tableKeys.connection(tenant, id), id, org_id: 'org_a', environment_id: 'default' };
      await store.write([
        { put: { ...item, type: 'mysql', name: 'A', status: 'connected', status_reason: null, revision: 1 } },
      ]);
    }
    const env = { PATH: process.env['PATH'] ?? '', MOORING_STATE: folder };
    const run = (...options: string[]) =>
      promisify(execFile)(process.execPath, [program, ...options], { env });
    expect((await run('--org', 'org_a')).stdout).toBe('Counted 1 connections\n');
    await expect(run('--org', 'org a')).rejects.toThrow('--org: expected');
    await using store = openFolderStore(folder);
    expect(await readHealthSummary(store, tenant, 1)).toMatchObject({
      total: 1,
      by_status: { connected: 1 },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
