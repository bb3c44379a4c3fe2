import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Table } from '../../shared/connectors/catalog.ts';
import type { Target } from '../../shared/connectors/connector.ts';
import { examine, openSession } from '../../shared/connectors/examine.ts';
import type { ExamineOptions } from '../../shared/connectors/examine.ts';
import { connectors } from '../../shared/connectors/registry.ts';
import { reach } from '../engines/reach.ts';
import { connect } from './read-catalog.ts';

const engine = reach('postgres', { POSTGRES_VERSION: '18' });

if (engine)
  describe('Redshift, on a PostgreSQL with views of its names', () => {
    const at = { host: engine['POSTGRES_HOST'] ?? '', port: Number(engine['POSTGRES_PORT']) };
    const admin = { ...at, user: engine['POSTGRES_ADMIN_USER'], password: engine['POSTGRES_ADMIN_PASSWORD'] };
    const database = `redshift_session_${process.pid}`;

    const targetOf = (username: string, password: string, schemas?: readonly string[]): Target => ({
      config: { ...at, database, username, ...(schemas && { schemas }) },
      credentials: { auth_method: 'password', password },
      options: { ssl_mode: 'require', query_timeout_seconds: 10 },
      role: 'source',
    });
    const options: ExamineOptions = {
      policy: { loopback: true },
      environment: 'default',
      tlsAsk: { mode: 'require' },
      options: { connection_timeout_seconds: 5 },
    };

    beforeAll(async () => {
      await using client = await connect({ ...admin, database: 'postgres' });
      await client.query(`create database ${database} template template0`);
      await using inside = await connect({ ...admin, database });
      await inside.query(
        await readFile(new URL('../engines/redshift.d/fixture.sql', import.meta.url), 'utf8'),
      );
    });
    afterAll(async () => {
      await using client = await connect({ ...admin, database: 'postgres' });
      await client.query(`drop database ${database}`);
    });

    test('tells Redshift’s version, not that of the PostgreSQL that it once was', async () => {
      const { details } = await examine(connectors.redshift, targetOf('mooring_nobody', 'nobody'), options);
      expect(details).toMatchObject({ version: 'Redshift 1.0.87428' });
    });

    test('tells what an account lacks, and a superuser that it is one', async () => {
      await using lacking = await openSession(
        connectors.redshift,
        targetOf('mooring_nobody', 'nobody', ['sales']),
        options,
      );
      expect((await lacking.privileges()).missing.map(({ grant }) => grant)).toEqual([
        'GRANT USAGE ON SCHEMA sales TO mooring_nobody;',
        'GRANT SELECT ON ALL TABLES IN SCHEMA sales TO mooring_nobody;',
      ]);
      await using mighty = await openSession(
        connectors.redshift,
        targetOf(String(admin.user), String(admin.password)),
        options,
      );
      expect((await mighty.privileges()).excess).toMatchObject([{ what: 'superuser' }]);
    });

    test('reads its catalog through the same session', async () => {
      const target = targetOf(String(admin.user), String(admin.password), ['sales']);
      await using session = await openSession(connectors.redshift, target, options);
      const tables: Table[] = [];
      await session.introspect(
        { schemas: ['sales'], excludedSchemas: [] },
        (some) => void tables.push(...some),
      );
      expect(tables.map(({ name }) => name)).toEqual(['customers', 'open_orders', 'orders']);
    });
  });
