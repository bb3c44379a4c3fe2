import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { onEngine, reach } from '../engines/reach.ts';
import { connectToPostgresql, collectPostgresqlCatalog } from './collect-postgresql-catalog.ts';

for (const version of [11, 14, 18]) {
  const engine = reach('postgres', { POSTGRES_VERSION: `${version}` });
  onEngine(engine, () => {
    const place = { host: engine['POSTGRES_HOST'], port: Number(engine['POSTGRES_PORT']) };
    const admin = {
      ...place,
      user: engine['POSTGRES_ADMIN_USER'],
      password: engine['POSTGRES_ADMIN_PASSWORD'],
    };

    describe(`PostgreSQL ${version} views`, () => {
      const database = `views_${process.pid}`;
      const owner = `views_owner_${process.pid}`;
      const user = `views_reader_${process.pid}`;
      const views =
        'owned counted by_column above above_hidden over_other filled empty later joined two calling invoked invoked_too';
      /** Abbreviations that PostgreSQL accepts for true. */
      const [invoker, other] =
        version >= 15 ? ["with (security_invoker = 'ON')", "with (security_invoker = 'tr')"] : ['', ''];
      const reader = { ...place, database, user, password: 'obviously-fake' };

      beforeAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`create database ${database} template template0`);
        await using inside = await connectToPostgresql({ ...admin, database });
        await inside.query(`
        create role ${owner}; create role ${user} login password 'obviously-fake';
        create table base (a int, b int); create table secret (a int, c int);
        create view owned as select a, b from base;
        create view counted as select count(*) from base;
        create view by_column as select a from base;
        create view joined as select b.a, s.c from base b left join secret s on s.a = b.a;
        create view above as select a from owned; create view hidden as select a, b from base;
        create view above_hidden as select a from hidden; alter view hidden owner to ${owner};
        grant select on above_hidden to ${user};
        create materialized view filled as select a from base;
        create materialized view empty as select a from base with no data;
        create materialized view later as select e.a from empty e with no data;
        create view two as select base.b, s.c from base join secret s on s.a = base.a;
        create function one() returns int language sql as 'select 1'; revoke execute on function one() from public;
        create view calling as select one() as one;
        create schema elsewhere; create view elsewhere.owned as select a, b from base; alter view elsewhere.owned owner to ${owner};
        create view over_other as select a from elsewhere.owned;
        create view invoked ${invoker} as select a from base; create view invoked_too ${other} as select a from base;
        alter view invoked_too owner to ${owner};
        grant select (a) on base to ${owner};
        ${['owned', 'counted', 'by_column', 'joined', 'two', 'filled', 'empty', 'later'].map((view) => `alter ${['filled', 'empty', 'later'].includes(view) ? 'materialized ' : ''}view ${view} owner to ${owner};`).join('\n')}
        grant select on ${views.replaceAll(' ', ', ')} to ${user};`);
      });
      afterAll(async () => {
        await using client = await connectToPostgresql({ ...admin, database: 'postgres' });
        await client.query(`drop database if exists ${database}`);
        await client.query(`drop role if exists ${owner}, ${user}`);
      });

      /** The views that the server itself refuses to read. */
      const unreadable = async () => {
        await using client = await connectToPostgresql(reader);
        const refused: string[] = [];
        for (const view of views.split(' '))
          await client.query(`select * from ${view} limit 1`).catch(() => refused.push(view));
        return refused;
      };

      test('that cannot be read are reported, with statements that make them readable', async () => {
        const refused = await unreadable();
        expect(refused).toEqual(
          'owned above above_hidden over_other empty later joined two calling'
            .split(' ')
            .concat(version >= 15 ? ['invoked', 'invoked_too'] : []),
        );
        const { missing } = await collectPostgresqlCatalog(reader, {
          schemas: ['public'],
          excludedSchemas: [],
        });
        const [broken] = missing.filter(({ reason }) => reason === 'views-broken');
        expect(broken?.count).toBe(refused.length);
        await using client = await connectToPostgresql({ ...admin, database });
        await client.query(broken?.remediation ?? '');
        expect(await unreadable()).toEqual([]);
        expect((await collectPostgresqlCatalog(reader)).missing.map(({ reason }) => reason)).toEqual([
          'tables-denied',
        ]);
      });

      test('in a schema whose configured name differs in case are reported as not found', async () => {
        const { missing } = await collectPostgresqlCatalog(reader, {
          schemas: ['Public', 'gone'],
          excludedSchemas: [],
        });
        expect(missing).toEqual([
          {
            reason: 'schemas-not-found',
            count: 2,
            remediation:
              'Correct config.schemas: it contains schemas that do not exist. Names are case-sensitive. Did you mean public?',
          },
        ]);
      });
    });
  });
}
