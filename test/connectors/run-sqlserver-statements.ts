import tedious from 'tedious';

/**
 * Runs statements one by one on the stand-in, without TLS. Ignores failures, because a second run finds the
 * objects of the first.
 */
export const runSqlserverStatements = async (port: number, statements: readonly string[]): Promise<void> => {
  const connection = new tedious.Connection({
    server: '127.0.0.1',
    authentication: { type: 'default', options: { userName: 'mooring_admin', password: 'admin' } },
    options: { port, database: 'shop', encrypt: false },
  });
  connection.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  for (const statement of statements) {
    await new Promise<void>((done) => connection.execSqlBatch(new tedious.Request(statement, () => done())));
  }
  const ended = new Promise<void>((done) => void connection.once('end', () => done()));
  connection.close();
  await ended;
};
